import Authorization
import Identity
import IntentProtocol

/// That the mesh's policies let a request pass, or that there are none.
///
/// Only the authorization stage can make one.
struct Permit: Sendable {
    fileprivate init() {}
}

extension Gateway {
    /// Asks Istio's policies about the connection, the head of the request, and the token.
    func authorize(
        _ arrival: borrowing Arrival, _ caller: Caller, _ journal: inout Journal
    ) throws(Refusal) -> Permit {
        guard let policies = authorization.current else { return Permit() }
        // Who hands in no head cannot be judged.
        guard let head = arrival.head else { throw .notAuthorized("authorization_fault") }
        let token = try attributes(of: caller, policies)
        let connection = arrival.connection
        let decision = policies.evaluate(
            AuthorizationRequest(
                principal: caller.service.flatMap { PeerPrincipal($0.id.principal) },
                sourceAddress: connection.sourceAddress, remoteAddress: caller.address,
                destinationAddress: connection.destinationAddress,
                destinationPort: connection.destinationPort, serverName: connection.serverName.map { $0[...] },
                method: head.method, target: head.target, host: head.host, headers: head.headers, token: token))
        for match in decision.audited {
            journal.record.auditedPolicies.append(match.policy)
        }
        if decision.shadowDiffers { journal.record.dryRun = decision.shadow?.description }
        guard !decision.isAllowed else { return Permit() }
        journal.record.authorization = decision.reason.description
        if case .unservablePath(let fault) = decision.reason {
            throw Refusal(
                IntentError(.protocolError, "the request target is not one that can be served"), status: 400,
                reason: "unservable_path_\(fault.rawValue)", event: .authorizationDeny)
        }
        throw .notAuthorized("authorization_denied")
    }

    /// The caller's token as policies see it; nil without one.
    ///
    /// Where the mesh says which tokens to believe, a token of another issuer or for another audience is refused, as Istio does.
    private func attributes(
        of caller: Caller, _ policies: CompiledAuthorization
    ) throws(Refusal) -> TokenAttributes? {
        guard let token = caller.token else { return nil }
        let accepted = token.derived(for: policies) { claims -> TokenAttributes? in
            let attributes = TokenAttributes(claims: claims, spaceDelimitedClaims: policies.spaceDelimitedClaims)
            guard !policies.tokenRules.isEmpty else { return attributes }
            let audiences =
                claims["aud"]?.stringValue.map { [$0] } ?? claims["aud"]?.arrayValue?.compactMap(\.stringValue)
            let isBelieved = policies.tokenRules.contains { rule in
                (rule.issuer == nil || rule.issuer == token.issuer) && rule.accepts(audiences: audiences ?? [])
            }
            return isBelieved ? attributes : nil
        }
        guard let accepted else {
            throw Refusal(
                IntentError(.unauthorized, "the token is not one that this workload accepts"), status: 401,
                reason: "token_not_accepted", event: .authFailure)
        }
        return accepted
    }
}

extension Refusal {
    /// Which policy decided is for the audit record and the operator; the caller learns that access is denied.
    fileprivate static func notAuthorized(_ reason: String) -> Refusal {
        Refusal(
            IntentError(
                .unauthorized, "access denied", retryable: false, details: ["reason": .string("AUTHORIZATION_DENIAL")]),
            status: 403, reason: reason, event: .authorizationDeny)
    }
}
