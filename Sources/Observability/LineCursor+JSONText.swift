/// Whether a text still has to be escaped, or stood between the quotes of a JSON document before.
enum JSONTextForm {
    case plain
    /// Valid escape sequences are kept; anything that could end the text or the line is escaped nevertheless.
    case escaped
}

extension LineCursor {
    /// The longest text that one field contributes, in bytes of its escaped form.
    static let fieldBytesMax = 1024

    /// Appends a text as it stands between JSON quotes, cut with `…` to at most `bytesMax` bytes.
    ///
    /// Nothing it writes can end the string or the line, steer a terminal, or be read as something else than it is: quotes,
    /// backslashes, C0 and C1 controls, DEL, line separators, bidirectional controls and characters without width are
    /// escaped, and bytes that are not UTF-8 become U+FFFD.
    mutating func append(
        jsonText source: UnsafeBufferPointer<UInt8>, _ form: JSONTextForm, bytesMax: Int = fieldBytesMax
    ) {
        guard var next = source.baseAddress else { return }
        let end = next + source.count
        let limit = position + (bytesMax - 3)
        while next < end {
            if end - next >= 8, limit - position >= 8 {
                let word = UnsafeRawPointer(next).loadUnaligned(as: UInt64.self)
                if Self.isPlain(word) {
                    append(word: word)
                    next += 8
                    continue
                }
            }
            let unit = JSONTextUnit(at: next, remaining: end - next, form)
            guard limit - position >= unit.writtenBytes else {
                append("…")
                return
            }
            append(unit, from: next)
            next += unit.readBytes
        }
    }

    /// Appends a String as it stands between JSON quotes.
    mutating func append(jsonText text: String, bytesMax: Int = fieldBytesMax) {
        let done: Void? = text.utf8.withContiguousStorageIfAvailable {
            append(jsonText: $0, .plain, bytesMax: bytesMax)
        }
        guard done == nil else { return }
        var contiguous = text
        contiguous.withUTF8 { append(jsonText: $0, .plain, bytesMax: bytesMax) }
    }

    private mutating func append(_ unit: JSONTextUnit, from source: UnsafePointer<UInt8>) {
        switch unit.writing {
        case .copy:
            append(bytes: source, count: unit.readBytes)
        case .short(let letter):
            append(byte: UInt8(ascii: "\\"))
            append(byte: letter)
        case .unicode(let scalar):
            append(escape: scalar)
        case .pair(let high, let low):
            append(escape: high)
            append(escape: low)
        }
    }

    private mutating func append(escape unit: UInt16) {
        append("\\u")
        for shift in stride(from: 12, through: 0, by: -4) {
            append(hexDigit: UInt8(truncatingIfNeeded: unit >> UInt16(shift)))
        }
    }

    /// True when all eight bytes are printable ASCII other than quote and backslash.
    @inline(__always)
    private static func isPlain(_ word: UInt64) -> Bool {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let highs: UInt64 = 0x8080_8080_8080_8080
        let quote = word ^ (ones &* 0x22)
        let backslash = word ^ (ones &* 0x5C)
        let delete = word ^ (ones &* 0x7F)
        // For bytes below 0x80 each term has its high bit set exactly where the byte is the one looked for.
        let found =
            word | (word &- ones &* 0x20) | (quote &- ones) | (backslash &- ones) | (delete &- ones)
        return found & highs == 0
    }
}
