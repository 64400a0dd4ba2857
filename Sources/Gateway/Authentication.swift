package import Identity
import IntentProtocol

/// Who asks: established by a verified token, or nobody where the configuration lets nobody in.
///
/// Only the authentication stage can make one.
package struct Caller: Sendable {
    /// nil for an anonymous caller.
    package let token: VerifiedToken?

    /// Issuer and subject together: two issuers may know the same subject, who is then not the same principal.
    var principal: String? { token.map { "\($0.issuer)#\($0.subject)" } }
    package var subject: String? { token?.subject }
    package var roles: [String] { token?.roles ?? [] }
    package var tenant: String? { token?.tenant }

    fileprivate init(token: VerifiedToken?) {
        self.token = token
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
    func authenticate(
        _ credential: borrowing Credential, _ peer: PeerIdentity, _ journal: inout Journal
    ) async throws(Refusal) -> Caller {
        guard let token = credential.token else {
            guard settings.allowsAnonymous else {
                throw .unauthorized("a bearer token is required", reason: "missing_token")
            }
            return Caller(token: nil)
        }
        let verified = try await verify(token, nowSeconds: journal.record.timeNanoseconds / 1_000_000_000)
        journal.record.subject = verified.subject
        journal.record.issuer = verified.issuer
        journal.record.tenant = verified.tenant
        return Caller(token: verified)
    }

    private func verify(_ token: ArraySlice<UInt8>, nowSeconds: Int64) async throws(Refusal) -> VerifiedToken {
        switch tokens.verify(token, nowSeconds: nowSeconds) {
        case .verified(let verified): return verified
        case .refused(let refusal): throw Refusal(refusal)
        case .needsKeys(let issuer):
            await keys.refreshKeys(issuer: issuer, waitingMilliseconds: settings.keyWaitMilliseconds)
        }
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
