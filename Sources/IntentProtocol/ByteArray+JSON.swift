extension [UInt8] {
    /// Appends a text of the source code.
    @inline(__always)
    package mutating func append(literal: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
    }

    /// Appends a text as a JSON string with its quotes; non-ASCII stays as it is.
    mutating func append(quoting text: String) {
        append(UInt8(ascii: "\""))
        append(escaping: text)
        append(UInt8(ascii: "\""))
    }

    /// Appends a text as it stands between the quotes of a JSON string.
    mutating func append(escaping text: String) {
        var text = text
        text.withUTF8 { append(escaping: $0) }
    }

    /// Appends UTF-8 as it stands between the quotes of a JSON string.
    package mutating func append(escaping utf8: UnsafeBufferPointer<UInt8>) {
        var copied = 0
        for index in 0..<utf8.count {
            let byte = utf8[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else { continue }
            append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied..<index]))
            append(escapeFor: byte)
            copied = index + 1
        }
        append(contentsOf: UnsafeBufferPointer(rebasing: utf8[copied...]))
    }

    private mutating func append(escapeFor byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append(literal: "\\\"")
        case UInt8(ascii: "\\"): append(literal: "\\\\")
        case 0x08: append(literal: "\\b")
        case 0x09: append(literal: "\\t")
        case 0x0A: append(literal: "\\n")
        case 0x0C: append(literal: "\\f")
        case 0x0D: append(literal: "\\r")
        default: append(hexEscape: UInt16(byte))
        }
    }

    /// Appends `\u` and four lower-case hex digits.
    mutating func append(hexEscape unit: UInt16) {
        append(literal: "\\u")
        for shift in [12, 8, 4, 0] as [UInt16] {
            let digit = UInt8(truncatingIfNeeded: unit >> shift) & 0xF
            append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
