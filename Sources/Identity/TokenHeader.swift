/// The JOSE header of a token, as far as it matters here.
struct TokenHeader {
    let algorithm: SignatureAlgorithm
    /// Which of the issuer's keys signed; nil when the token does not say.
    let keyID: [UInt8]?

    /// Reads a header.
    ///
    /// Algorithms that are no asymmetric signature end here, before anything looks for a key.
    init(encoded: UnsafeRawBufferPointer) throws(TokenRefusal) {
        self = try withUnsafeTemporaryAllocation(byteCount: CompactToken.headerBytesMax, alignment: 16) {
            (buffer) -> Result<TokenHeader, TokenRefusal> in
            do throws(TokenRefusal) {
                guard let count = Base64URL.decode(encoded, into: buffer) else {
                    throw .malformed("its header is not base64url")
                }
                return .success(try TokenHeader(UnsafeRawBufferPointer(rebasing: buffer[..<count])))
            } catch {
                return .failure(error)
            }
        }.get()
    }

    private init(_ bytes: UnsafeRawBufferPointer) throws(TokenRefusal) {
        let scanner: ObjectScanner
        do throws(ObjectFault) {
            try checkUTF8(bytes)
            scanner = try ObjectScanner(scanning: bytes)
        } catch {
            throw .malformed("its header \(error.problem)")
        }
        try Self.checkNothingForbidden(scanner)
        guard let name = scanner.value("alg") else { throw .malformed("its header has no 'alg'") }
        guard name.kind == .string else { throw .malformed("its header's 'alg' is not a plain string") }
        guard let algorithm = SignatureAlgorithm(nameBytes: bytes.part(name.start..<name.end)) else {
            throw .unsupportedAlgorithm
        }
        try Self.checkType(scanner)
        self.algorithm = algorithm
        keyID = try Self.keyID(scanner)
    }

    /// `crit` asks for extensions that nothing here understands (S3), `b64` and `zip` change what was signed (S3), and
    /// the others let a token bring or point to its own key (S4).
    private static func checkNothingForbidden(_ scanner: ObjectScanner) throws(TokenRefusal) {
        for member in scanner.members where isForbidden(member.key, in: scanner.bytes) {
            throw .malformed("its header has a member that is not accepted")
        }
    }

    @inline(__always)
    private static func isForbidden(_ key: ObjectMember.Value, in bytes: UnsafeRawBufferPointer) -> Bool {
        if key.kind == .escapedString {
            let name = key.decodedString(in: bytes) ?? ""
            return ["crit", "b64", "zip", "jku", "x5u", "x5c", "jwk"].contains(name)
        }
        let name = bytes.part(key.start..<key.end)
        switch name.count {
        case 3:
            return name.equals("b64") || name.equals("zip") || name.equals("jku") || name.equals("x5u")
                || name.equals("x5c") || name.equals("jwk")
        case 4: return name.equals("crit")
        default: return false
        }
    }

    /// A token of another type, such as one for logging out, is not one for access (RFC 8725 section 3.11).
    private static func checkType(_ scanner: ObjectScanner) throws(TokenRefusal) {
        guard let type = scanner.value("typ") else { return }
        guard let text = type.string(in: scanner.bytes) else { throw .malformed("its header's 'typ' is not a string") }
        switch text.utf8.count {
        case 3 where text.lowercased() == "jwt": return
        case 6 where text.lowercased() == "at+jwt": return
        default: throw .malformed("its header's 'typ' is neither JWT nor at+jwt")
        }
    }

    private static func keyID(_ scanner: ObjectScanner) throws(TokenRefusal) -> [UInt8]? {
        guard let value = scanner.value("kid") else { return nil }
        let bytes: [UInt8]
        switch value.kind {
        case .string: bytes = Array(scanner.bytes.part(value.start..<value.end))
        case .escapedString: bytes = Array((value.decodedString(in: scanner.bytes) ?? "").utf8)
        case .integer, .decimal, .literal, .array, .object:
            throw .malformed("its header's 'kid' is not a string")
        }
        guard KeyIdentifier.isAllowed(bytes) else { throw .malformed("its header's 'kid' is not a key id") }
        return bytes
    }
}
