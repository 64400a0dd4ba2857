/// Decodes the text between the quotes of a JSON string that a scanner accepted.
enum JSONStringText {
    /// The decoded text as UTF-8.
    static func decoded(_ raw: UnsafeBufferPointer<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(raw.count)
        var units = JSONTextUnits(raw)
        while let run = units.next() {
            switch run {
            case .plain(let range): bytes.append(contentsOf: UnsafeBufferPointer(rebasing: raw[range]))
            case .escaped(let scalar): bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return bytes
    }

    /// The decoded text.
    static func string(_ raw: UnsafeBufferPointer<UInt8>) -> String {
        guard raw.contains(UInt8(ascii: "\\")) else { return String(decoding: raw, as: UTF8.self) }
        return String(decoding: decoded(raw), as: UTF8.self)
    }

    /// The value of four hex digits; nil when they are not.
    static func hexUnit(_ digits: UnsafePointer<UInt8>) -> UInt16? {
        var unit: UInt16 = 0
        for index in 0..<4 {
            let digit = digits[index]
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): unit = unit << 4 | UInt16(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): unit = unit << 4 | UInt16(digit - UInt8(ascii: "a") + 10)
            case UInt8(ascii: "A")...UInt8(ascii: "F"): unit = unit << 4 | UInt16(digit - UInt8(ascii: "A") + 10)
            default: return nil
            }
        }
        return unit
    }
}

/// Goes through the text of an accepted string: runs without escapes, and escapes one by one.
struct JSONTextUnits {
    enum Run {
        case plain(Range<Int>)
        case escaped(Unicode.Scalar)
    }

    private let raw: UnsafeBufferPointer<UInt8>
    private var index = 0

    init(_ raw: UnsafeBufferPointer<UInt8>) {
        self.raw = raw
    }

    mutating func next() -> Run? {
        guard index < raw.count else { return nil }
        guard raw[index] == UInt8(ascii: "\\"), index + 1 < raw.count else {
            let start = index
            index = raw[start...].dropFirst().firstIndex(of: UInt8(ascii: "\\")) ?? raw.count
            return .plain(start..<index)
        }
        return .escaped(nextEscape())
    }

    private mutating func nextEscape() -> Unicode.Scalar {
        let kind = raw[index + 1]
        guard kind == UInt8(ascii: "u") else {
            index += 2
            return Unicode.Scalar(Self.plainEscape(kind))
        }
        let high = unit(at: index)
        guard high & 0xFC00 == 0xD800 else {
            index += 6
            return Unicode.Scalar(high) ?? "\u{FFFD}"
        }
        let low = unit(at: index + 6)
        index += 12
        return Unicode.Scalar(0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF))) ?? "\u{FFFD}"
    }

    private func unit(at index: Int) -> UInt16 {
        guard index + 6 <= raw.count, let base = raw.baseAddress else { return 0xFFFD }
        return JSONStringText.hexUnit(base + index + 2) ?? 0xFFFD
    }

    private static func plainEscape(_ kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }
}
