/// Recognises bearer tokens among the entries of an identity chain, however they are dressed up.
enum BearerEntry {
    private static let scheme: StaticString = "bearer"

    /// Whether the text between the quotes of a JSON string, once decoded and past any spaces, starts with `Bearer `.
    @inline(__always)
    static func isBearer(_ raw: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let first = raw.first else { return false }
        switch first {
        case UInt8(ascii: "b"), UInt8(ascii: "B"), UInt8(ascii: "\\"), 0...0x20, 0x7F...: return isDressedBearer(raw)
        default: return false
        }
    }

    @inline(never)
    private static func isDressedBearer(_ raw: UnsafeBufferPointer<UInt8>) -> Bool {
        remainder(JSONStringText.string(raw)) != nil
    }

    /// The token of an entry: what follows the scheme, without the spaces around.
    static func token(_ raw: UnsafeBufferPointer<UInt8>) -> String {
        remainder(JSONStringText.string(raw)) ?? ""
    }

    /// What follows the scheme of `Bearer <token>`, without the spaces around; nil when the text is anything else.
    static func remainder(_ text: String) -> String? {
        let scalars = text.unicodeScalars.drop(while: isBlank)
        var index = scalars.startIndex
        for offset in 0..<scheme.utf8CodeUnitCount {
            guard index < scalars.endIndex, scalars[index].isASCII else { return nil }
            guard UInt8(scalars[index].value) | 0x20 == scheme.utf8Start[offset] else { return nil }
            index = scalars.index(after: index)
        }
        guard index < scalars.endIndex, isBlank(scalars[index]) else { return nil }
        var token = scalars[index...].drop(while: isBlank)
        while let last = token.last, isBlank(last) { token.removeLast() }
        return String(token)
    }

    /// Spaces and invisible characters: a token behind one of them is still a token and must not travel on.
    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x20, 0x7F...0xA0, 0xAD: true
        default: scalar.properties.isWhitespace || scalar.properties.isDefaultIgnorableCodePoint
        }
    }
}
