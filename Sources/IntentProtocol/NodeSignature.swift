import Crypto

/// The signature by which one node proves to another that it sent a body: HMAC-SHA-256 over the time and the body.
///
/// The node's name is not under the signature, nor are method and path: the wire is as the Python package has it. A secret
/// must therefore belong to one node alone.
package struct NodeSignature: Sendable, Hashable {
    /// The three headers; names are compared without regard to letter case.
    package enum Header {
        package static let nodeId = "X-Intentus-Node-Id"
        package static let timestamp = "X-Intentus-Node-Ts"
        package static let signature = "X-Intentus-Node-Signature"
    }

    /// The value of `X-Intentus-Node-Id`.
    package let nodeId: String
    /// The value of `X-Intentus-Node-Ts`: Unix seconds in decimal digits.
    package let timestamp: String
    /// The value of `X-Intentus-Node-Signature`: 64 lower-case hex digits.
    package let signature: String

    /// Signs a body.
    ///
    /// - Parameters:
    ///   - body: the bytes exactly as they are sent.
    ///   - unixSeconds: the time now, fractions dropped.
    package init(signing body: some Sequence<UInt8>, nodeId: String, secret: Secret, unixSeconds: Int64) {
        self.nodeId = nodeId
        timestamp = String(unixSeconds)
        signature = HexDigits.text(of: Self.code(timestamp.utf8, body, secret).finalize())
    }

    /// Whether a code of 32 bytes is the secret's over the time as it was sent and the body; takes the same time for every
    /// wrong code.
    package static func isValid(
        code: [UInt8], timestamp: some Sequence<UInt8>, body: some Sequence<UInt8>, secret: Secret
    ) -> Bool {
        let expected = Self.code(timestamp, body, secret).finalize()
        return expected == code
    }

    private static func code(
        _ timestamp: some Sequence<UInt8>, _ body: some Sequence<UInt8>, _ secret: Secret
    ) -> HMAC<SHA256> {
        var code = HMAC<SHA256>(key: SymmetricKey(data: Array(secret.reveal().utf8)))
        code.update(data: Array(timestamp) + [UInt8(ascii: ".")])
        let isContiguous: Void? = body.withContiguousStorageIfAvailable {
            code.update(data: UnsafeRawBufferPointer($0))
        }
        if isContiguous == nil { code.update(data: Array(body)) }
        return code
    }
}
