/// An issuer's policy in the form that tokens are checked against: names as bytes, so that no string is built for it.
struct CompiledIssuer: Sendable {
    let name: String
    let nameBytes: [UInt8]
    let audiences: [[UInt8]]
    let acceptsAnyAudience: Bool
    let algorithms: Set<SignatureAlgorithm>
    let leewaySeconds: Int64
    let maxLifetimeSeconds: Int64?
    let rolesPath: CompiledPath
    let tenantPath: CompiledPath

    init(_ policy: IssuerPolicy) {
        name = policy.issuer
        nameBytes = Array(policy.issuer.utf8)
        acceptsAnyAudience = policy.acceptsAnyAudience
        audiences = policy.audiences.map { Array($0.utf8) }
        algorithms = policy.algorithms
        leewaySeconds = Int64(min(max(policy.leewaySeconds, 0), 300))
        maxLifetimeSeconds = policy.maxLifetimeSeconds.map(Int64.init)
        rolesPath = CompiledPath(policy.rolesClaim)
        tenantPath = CompiledPath(policy.tenantClaim)
    }

    func accepts(audience: ObjectMember.Value, in bytes: UnsafeRawBufferPointer) -> Bool {
        for index in audiences.indices
        where audiences[index].withUnsafeBytes({ audience.isString($0, in: bytes) }) { return true }
        return false
    }
}

/// A claim path as bytes.
struct CompiledPath: Sendable {
    let text: String
    private let segments: [[UInt8]]

    init(_ path: ClaimPath) {
        text = path.description
        segments = path.segments.map { Array($0.utf8) }
    }

    /// The value at the path with the scanner that passed it; nil when a name on the way is absent.
    ///
    /// - Throws: when something on the way is there and is not an object.
    func find(in scanner: ObjectScanner) throws(TokenRefusal) -> (ObjectMember.Value, ObjectScanner)? {
        var scanner = scanner
        for index in segments.indices {
            guard let value = scanner.value(segments[index]) else { return nil }
            guard index < segments.count - 1 else { return (value, scanner) }
            guard value.kind == .object else { throw .malformed("its claim '\(text)' has no object on its path") }
            do throws(ObjectFault) {
                scanner = try ObjectScanner(scanning: scanner.bytes.part(value.start..<value.end))
            } catch {
                throw .malformed("its claim '\(text)' \(error.problem)")
            }
        }
        return nil
    }
}
