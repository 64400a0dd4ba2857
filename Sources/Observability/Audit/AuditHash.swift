/// The hash of a record, 32 bytes, without an allocation of its own.
package struct AuditHash: Sendable, Hashable {
    static let bytes = 32
    /// What stands in the place of the former record's hash at the beginning of a chain.
    package static let zero = AuditHash()

    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    private init() {}

    /// Takes 32 bytes; fewer or more are a fault of the caller's and leave the hash zero.
    init(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.bytes else { return }
        withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    /// Reads 64 hexadecimal digits in lower case; nil for anything else.
    init?(hex: UnsafeBufferPointer<UInt8>) {
        guard hex.count == 2 * Self.bytes else { return nil }
        var isValid = true
        withUnsafeMutableBytes(of: &words) { bytes in
            for index in 0..<Self.bytes {
                guard let high = Self.value(hex[2 * index]), let low = Self.value(hex[2 * index + 1]) else {
                    isValid = false
                    return
                }
                bytes[index] = high << 4 | low
            }
        }
        guard isValid else { return nil }
    }

    func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R {
        withUnsafeBytes(of: words, body)
    }

    /// 64 hexadecimal digits.
    package var hex: String {
        String(unsafeUninitializedCapacity: 2 * Self.bytes) { buffer in
            guard let base = buffer.baseAddress else { return 0 }
            var cursor = LineCursor(base)
            cursor.append(self)
            return 2 * Self.bytes
        }
    }

    package static func == (left: AuditHash, right: AuditHash) -> Bool { left.words == right.words }

    package func hash(into hasher: inout Hasher) { withBytes { hasher.combine(bytes: $0) } }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

extension LineCursor {
    /// Appends 64 hexadecimal digits.
    mutating func append(_ hash: AuditHash) {
        hash.withBytes { bytes in
            for byte in bytes {
                append(hexDigit: byte >> 4)
                append(hexDigit: byte)
            }
        }
    }
}
