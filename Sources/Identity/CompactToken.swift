/// A token taken apart: three parts, a header that is understood, and claims that are one JSON object, none of it believed.
///
/// Only the compact form exists here. A JWE has five parts, a JSON serialisation has braces: neither gets this far.
struct CompactToken {
    let header: TokenHeader
    /// The decoded claims.
    let claims: [UInt8]
    /// Header and claims as they were signed.
    let signedBytes: UnsafeRawBufferPointer
    /// The third part, still encoded; it is decoded when there is a key to check it with.
    let encodedSignature: UnsafeRawBufferPointer

    /// The most bytes of a token, and of its decoded header.
    static let bytesMax = 8 << 10
    static let headerBytesMax = 1 << 10
    /// An RSA signature of 8192 bits.
    static let signatureBytesMax = 1 << 10

    /// Takes a token apart; the bytes must outlive it.
    init(_ token: UnsafeRawBufferPointer) throws(TokenRefusal) {
        guard token.count <= Self.bytesMax else { throw .malformed("it has more than \(Self.bytesMax) bytes") }
        let firstDot = Self.dot(in: token, from: 0)
        let secondDot = Self.dot(in: token, from: firstDot + 1)
        guard secondDot < token.count, Self.dot(in: token, from: secondDot + 1) == token.count else {
            throw .malformed("it does not have three parts")
        }
        guard firstDot > 0, secondDot > firstDot + 1, token.count > secondDot + 1 else {
            throw .malformed("a part is empty")
        }
        guard Base64URL.decodedCount(firstDot) ?? 0 <= Self.headerBytesMax else {
            throw .malformed("its header has more than \(Self.headerBytesMax) bytes")
        }
        header = try TokenHeader(encoded: token.part(0..<firstDot))
        guard let claims = Base64URL.decode(token.part(firstDot + 1..<secondDot)) else {
            throw .malformed("its claims are not base64url")
        }
        self.claims = claims
        signedBytes = token.part(0..<secondDot)
        encodedSignature = token.part(secondDot + 1..<token.count)
    }

    /// The offset of the next dot; the count when there is none.
    @inline(__always)
    private static func dot(in token: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        while offset < token.count, token[offset] != UInt8(ascii: ".") { offset &+= 1 }
        return min(offset, token.count)
    }

    /// Whether the signature is the key's over header and claims.
    func isSigned(by verifier: SignatureVerifier) throws(TokenRefusal) -> Bool {
        let holds = withUnsafeTemporaryAllocation(byteCount: Self.signatureBytesMax, alignment: 16) { buffer -> Bool? in
            guard let count = Base64URL.decode(encodedSignature, into: buffer) else { return nil }
            return verifier.verifies(UnsafeRawBufferPointer(rebasing: buffer[..<count]), over: signedBytes)
        }
        guard let holds else { throw .malformed("its signature is not base64url") }
        return holds
    }
}
