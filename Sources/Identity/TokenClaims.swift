/// The claims of one token, checked against the policy of its issuer and the time.
struct TokenClaims {
    let subject: String
    let roles: [String]
    let tenant: String?
    let tokenId: String?
    let expiresAtSeconds: Int64

    static let subjectBytesMax = 256
    /// Roles and tenants are names for policies and limits.
    static let nameBytesMax = 256

    /// Checks claims whose signature holds and whose `iss` is the issuer's.
    init(_ scanner: ObjectScanner, _ issuer: CompiledIssuer, nowSeconds: Int64) throws(TokenRefusal) {
        expiresAtSeconds = try Self.checkTimes(scanner, issuer, nowSeconds: nowSeconds)
        try Self.checkAudience(scanner, issuer)
        subject = try Self.subject(scanner)
        roles = try Self.roles(scanner, issuer.rolesPath)
        tenant = try Self.tenant(scanner, issuer.tenantPath)
        tokenId = scanner.value("jti")?.string(in: scanner.bytes)
    }

    /// - Returns: `exp`.
    private static func checkTimes(
        _ scanner: ObjectScanner, _ issuer: CompiledIssuer, nowSeconds: Int64
    ) throws(TokenRefusal) -> Int64 {
        guard let expires = try date("exp", scanner) else { throw .missingClaim("exp") }
        guard nowSeconds < expires + issuer.leewaySeconds else { throw .expired }
        if let notBefore = try date("nbf", scanner), nowSeconds + issuer.leewaySeconds < notBefore {
            throw .notYetValid
        }
        if let issued = try date("iat", scanner) {
            guard issued <= nowSeconds + issuer.leewaySeconds else { throw .issuedInFuture }
            if let lifetimeMax = issuer.maxLifetimeSeconds, expires - issued > lifetimeMax { throw .lifetimeTooLong }
        } else if let lifetimeMax = issuer.maxLifetimeSeconds, expires - nowSeconds > lifetimeMax + issuer.leewaySeconds
        {
            // Without the time of issue what is left of its life is all that can be held to the bound.
            throw .lifetimeTooLong
        }
        return expires
    }

    private static func date(_ name: StaticString, _ scanner: ObjectScanner) throws(TokenRefusal) -> Int64? {
        guard let value = scanner.value(name) else { return nil }
        guard let seconds = value.numericDate(in: scanner.bytes) else {
            throw .malformed("its claim '\(name)' is not a time in seconds")
        }
        return seconds
    }

    private static func checkAudience(_ scanner: ObjectScanner, _ issuer: CompiledIssuer) throws(TokenRefusal) {
        guard !issuer.acceptsAnyAudience else { return }
        guard let audience = scanner.value("aud") else { throw .missingClaim("aud") }
        if audience.kind == .array {
            var isFound = false
            for element in try elements(audience, of: "aud", scanner) {
                guard element.isAnyString else { throw .malformed("its claim 'aud' holds something that is no string") }
                isFound = isFound || issuer.accepts(audience: element, in: scanner.bytes)
            }
            guard isFound else { throw .wrongAudience }
        } else {
            guard audience.isAnyString else { throw .malformed("its claim 'aud' is neither a string nor a list") }
            guard issuer.accepts(audience: audience, in: scanner.bytes) else { throw .wrongAudience }
        }
    }

    private static func subject(_ scanner: ObjectScanner) throws(TokenRefusal) -> String {
        guard let value = scanner.value("sub") else { throw .missingClaim("sub") }
        guard let text = value.string(in: scanner.bytes), isName(text, bytesMax: subjectBytesMax) else {
            throw .malformed(
                "its claim 'sub' is not a string of 1 to \(subjectBytesMax) bytes without control characters")
        }
        return text
    }

    private static func roles(_ scanner: ObjectScanner, _ path: CompiledPath) throws(TokenRefusal) -> [String] {
        guard let (value, scanner) = try path.find(in: scanner) else { return [] }
        if value.kind == .array {
            var roles: [String] = []
            for element in try elements(value, of: path.text, scanner) {
                guard let role = element.string(in: scanner.bytes), isName(role, bytesMax: nameBytesMax) else {
                    throw .malformed("its roles claim holds something that is no name")
                }
                roles.append(role)
            }
            return roles
        }
        guard let text = value.string(in: scanner.bytes) else {
            throw .malformed("its roles claim is neither a list nor a string")
        }
        let roles = text.split(separator: " ").map(String.init)
        guard roles.allSatisfy({ isName($0, bytesMax: nameBytesMax) }) else {
            throw .malformed("its roles claim holds something that is no name")
        }
        return roles
    }

    private static func tenant(_ scanner: ObjectScanner, _ path: CompiledPath) throws(TokenRefusal) -> String? {
        guard let (value, scanner) = try path.find(in: scanner) else { return nil }
        guard let text = value.string(in: scanner.bytes), isName(text, bytesMax: nameBytesMax) else {
            throw .malformed("its tenant claim is not a name")
        }
        return text
    }

    private static func elements(
        _ value: ObjectMember.Value, of name: String, _ scanner: ObjectScanner
    ) throws(TokenRefusal) -> [ObjectMember.Value] {
        do throws(ObjectFault) {
            return try scanner.elements(of: value)
        } catch {
            throw .malformed("its claim '\(name)' \(error.problem)")
        }
    }

    /// Names end up in headers, logs and keys of limits, where a control character could end a line (S29).
    private static func isName(_ text: String, bytesMax: Int) -> Bool {
        guard (1...bytesMax).contains(text.utf8.count) else { return false }
        var previous: UInt8 = 0
        for byte in text.utf8 {
            let isC1Control = previous == 0xC2 && (0x80...0x9F).contains(byte)
            guard byte >= 0x20, byte != 0x7F, !isC1Control else { return false }
            previous = byte
        }
        return true
    }
}

extension ObjectMember.Value {
    /// Whether the value is a string.
    var isAnyString: Bool { kind == .string || kind == .escapedString }
}
