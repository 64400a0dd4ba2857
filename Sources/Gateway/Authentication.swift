import Authorization
package import Identity
import IntentProtocol

/// Who asks: established by a verified token, or nobody where the configuration lets nobody in.
///
/// Only the authentication stage can make one.
package struct Caller: Sendable {
    /// nil for an anonymous caller.
    package let token: VerifiedToken?
    /// The service that the caller is, where all that says so agrees; nil where nothing does.
    package let service: ServiceIdentity?
    /// Whether the token is of an issuer that only policies of the mesh name.
    let isOfAdditionalIssuer: Bool
    /// Where the token stands.
    let places: TokenPlaceSet
    /// The address it calls from, behind trusted proxies.
    let address: NetworkAddress?

    /// Issuer and subject together: two issuers may know the same subject, who is then not the same principal.
    var principal: String? { token.map { "\($0.issuer)#\($0.subject)" } ?? service?.principal }
    package var subject: String? { token?.subject }
    package var roles: [String] { token?.roles ?? [] }
    package var tenant: String? { token?.tenant }

    fileprivate init(
        token: VerifiedToken?, isOfAdditionalIssuer: Bool = false, places: TokenPlaceSet = .usual,
        service: ServiceIdentity?, address: NetworkAddress?
    ) {
        self.token = token
        self.isOfAdditionalIssuer = isOfAdditionalIssuer
        self.places = places
        self.service = service
        self.address = address
    }

    /// The entries of the identity chain for this caller as they stand between the first quote and the last; nil for nobody.
    var chainEntries: [UInt8]? {
        guard let service else { return token?.chainUserEntry }
        // The token of a service account names the service, and no user.
        guard let token, !service.sources.contains(IdentitySources(.serviceAccountToken)) else {
            return service.chainEntry
        }
        var entries: [UInt8] = []
        entries.reserveCapacity(token.chainUserEntry.count + 3 + service.chainEntry.count)
        entries += token.chainUserEntry
        entries.append(literal: "\",\"")
        entries += service.chainEntry
        return entries
    }
}

/// The port by which a request waits for an issuer's keys; never called on the warm path.
package protocol KeyRefreshing: Sendable {
    /// Asks for the issuer's keys anew, at the bounded rate of the cluster, and waits for the result.
    ///
    /// - Returns: once the fetch ended or the time was over, whatever came of it.
    func refreshKeys(issuer: Int, waitingMilliseconds: Int64) async
}

extension Gateway {
    /// Verifies the presented token; without one, a caller is anonymous only where the configuration says so.
    ///
    /// - Parameter takesServices: whether a service needs no token here, whatever holds for intents.
    func authenticate(
        _ credential: borrowing Credential, _ peer: PeerIdentity, takesServices: Bool = false,
        _ journal: inout Journal
    ) async throws(Refusal) -> Caller {
        guard let token = credential.token else {
            let service = try confirm(peer, by: nil, &journal)
            guard settings.allowsAnonymous || (settings.allowsServices || takesServices) && service != nil
            else {
                throw .unauthorized("a bearer token is required", reason: "missing_token")
            }
            return Caller(token: nil, service: service, address: peer.clientAddress)
        }
        var isNew = false
        let (verified, isAdditional) = try await verify(
            token, nowSeconds: journal.record.timeNanoseconds / 1_000_000_000, isNew: &isNew)
        journal.record.subject = verified.subject
        journal.record.issuer = verified.issuer
        journal.record.tenant = verified.tenant
        let service = try confirm(peer, by: verified, &journal)
        if isNew { noteSuccess(of: "token", journal.record) }
        return Caller(
            token: verified, isOfAdditionalIssuer: isAdditional, places: credential.places, service: service,
            address: peer.clientAddress)
    }

    /// Puts on record that somebody was believed: once for a token that had to be verified, not for each of its requests.
    private func noteSuccess(of method: String, _ record: borrowing AuditRecord) {
        var success = copy record
        success.event = .authSuccess
        success.action = method
        audit.append(success)
    }

    /// Puts on record that the certificate of a new connection says which service the peer is.
    package func noteCertificate(_ identity: ServiceIdentity, remoteAddress: String) {
        var record = AuditRecord(.authSuccess, unixNanoseconds: around.unixNanoseconds(), action: "certificate")
        record.remoteAddress = remoteAddress
        record.principal = identity.principal
        record.identitySource = identity.source.rawValue
        audit.append(record)
    }

    /// The configuration's issuers first: a policy cannot take the place of one of them.
    private func verify(
        _ token: ArraySlice<UInt8>, nowSeconds: Int64, isNew: inout Bool
    ) async throws(Refusal) -> (VerifiedToken, isOfAdditionalIssuer: Bool) {
        switch tokens.verify(token, nowSeconds: nowSeconds, isNew: &isNew) {
        case .verified(let verified): return (verified, false)
        case .refused(.unknownIssuer):
            guard let more = additional.current else { throw Refusal(.unknownIssuer) }
            switch more.tokens.verify(token, nowSeconds: nowSeconds, isNew: &isNew) {
            case .verified(let verified): return (verified, true)
            case .refused(let refusal): throw Refusal(refusal)
            case .needsKeys(let issuer):
                return (try await verifyWithNewKeys(token, issuer, more.tokens, more.keys), true)
            }
        case .refused(let refusal): throw Refusal(refusal)
        case .needsKeys(let issuer): return (try await verifyWithNewKeys(token, issuer, tokens, keys), false)
        }
    }

    private func verifyWithNewKeys(
        _ token: ArraySlice<UInt8>, _ issuer: Int, _ tokens: TokenVerifier, _ keys: any KeyRefreshing
    ) async throws(Refusal) -> VerifiedToken {
        await keys.refreshKeys(issuer: issuer, waitingMilliseconds: settings.keyWaitMilliseconds)
        // The wait may have been long: the token is judged by the clock as it is now.
        switch tokens.verify(token, nowSeconds: around.unixNanoseconds() / 1_000_000_000) {
        case .verified(let verified): return verified
        case .refused(let refusal): throw Refusal(refusal)
        case .needsKeys(let issuer): throw Refusal(tokens.refusalWithoutKeys(token, issuer: issuer))
        }
    }
}

extension Refusal {
    /// A token that does not hold: 401; keys that cannot be had: 503, for that is not the caller's fault.
    init(_ refusal: TokenRefusal) {
        guard case .keysUnavailable(_, let retryAfterSeconds) = refusal else {
            self.init(
                IntentError(.unauthorized, refusal.message), status: 401, reason: refusal.reason, event: .authFailure)
            return
        }
        self.init(
            IntentError(.agentUnavailable, refusal.message, details: ["reason": .string(refusal.reason)]), status: 503,
            reason: refusal.reason, event: .authFailure, retryAfterSeconds: retryAfterSeconds)
    }
}
