/// The name of a shared bucket: the limit's name and the key's fields, each with its length in front.
///
/// Two different tuples have two different names, whatever bytes are in them (pitfall S21).
package struct BucketName: Sendable, Hashable {
    /// The bytes, as `6:tenant4:acme`.
    package let bytes: [UInt8]

    /// Names the bucket of a limit and a key.
    package init(limit: String, fields: [String]) {
        self.init(limit: limit, .several(fields))
    }

    /// Names the bucket of a limit and a key.
    package init(limit: String, _ fields: KeyFields) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(limit.utf8.count + fields.byteCount + 16)
        Self.append(limit, to: &bytes)
        fields.forEach { Self.append($0, to: &bytes) }
        self.bytes = bytes
    }

    private static func append(_ field: String, to bytes: inout [UInt8]) {
        var digits: [UInt8] = []
        var rest = field.utf8.count
        repeat {
            digits.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        bytes.append(contentsOf: digits.reversed())
        bytes.append(UInt8(ascii: ":"))
        bytes.append(contentsOf: field.utf8)
    }
}
