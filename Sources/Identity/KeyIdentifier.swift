/// What a key id may look like; it is only ever compared, but it also appears in logs.
enum KeyIdentifier {
    /// The longest key id in bytes.
    static let bytesMax = 128

    /// Whether the bytes are 1 to 128 characters of `A-Z a-z 0-9 . _ ~ + / = -`.
    static func isAllowed(_ bytes: UnsafeRawBufferPointer) -> Bool {
        (1...bytesMax).contains(bytes.count) && bytes.allSatisfy(isAllowed)
    }

    /// Whether the bytes are 1 to 128 characters of `A-Z a-z 0-9 . _ ~ + / = -`.
    static func isAllowed(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBytes { isAllowed($0) }
    }

    @inline(__always)
    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
            UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
