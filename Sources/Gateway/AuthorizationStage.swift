import Authorization
import Identity
import IntentProtocol

/// That the mesh's policies let a request pass, or that there are none.
///
/// Only the authorization stage can make one.
struct Permit: Sendable {
    /// What the mesh makes of the token for workers, as complete header lines.
    let headerLines: [UInt8]

    fileprivate init(_ headers: [TokenHeader] = []) {
        var lines: [UInt8] = []
        for header in headers { lines += "\(header.name): \(header.value)\r\n".utf8 }
        headerLines = lines
    }
}

extension Gateway {
    /// Asks Istio's policies about the connection, the head of the request, and the token.
    func authorize(
        _ arrival: borrowing Arrival, _ caller: Caller, _ journal: inout Journal
    ) throws(Refusal) -> Permit {
        journal.enter(.authorization, around)
        guard let head = arrival.head else {
            // Who hands in no head cannot be judged; what an additional issuer signs counts through policies alone.
            guard authorization.current == nil, !caller.isOfAdditionalIssuer else {
                throw .notAuthorized("authorization_fault")
            }
            return Permit()
        }
        let policies = head.policies
        let seen = try seenToken(caller, policies)
        let connection = arrival.connection
        let decision = policies.evaluate(
            AuthorizationRequest(
                principal: caller.service.flatMap { PeerPrincipal($0.id.principal) },
                sourceAddress: connection.sourceAddress, remoteAddress: caller.address,
                destinationAddress: connection.destinationAddress,
                destinationPort: connection.destinationPort, serverName: connection.serverName.map { $0[...] },
                method: head.method, target: head.target, host: head.host,
                headers: policies.visibleHeaders(
                    head.headers, token: seen?.judged, rule: seen?.rule, places: caller.places),
                token: seen?.judged.attributes))
        for match in decision.audited {
            journal.record.auditedPolicies.append(match.policy)
        }
        if decision.shadowDiffers { journal.record.dryRun = decision.shadow?.description }
        guard !decision.isAllowed else {
            return Permit(seen.map { seen in seen.rule.map(seen.judged.headers(ofRule:)) ?? [] } ?? [])
        }
        journal.record.authorization = decision.reason.description
        if case .unservablePath(let fault) = decision.reason {
            throw Refusal(
                IntentError(.protocolError, "the request target is not one that can be served"), status: 400,
                reason: "unservable_path_\(fault.rawValue)", event: .authorizationDeny)
        }
        throw .notAuthorized("authorization_denied")
    }

    /// The caller's token as policies see it, and the rule that believes it; nil where they see none.
    ///
    /// Without rules the configuration's own issuers take their place, and no rule is named. Where there are rules, a token at a
    /// place that one looks at must be believed by one, as in Istio; elsewhere the mesh sees no token.
    private func seenToken(
        _ caller: Caller, _ policies: CompiledAuthorization
    ) throws(Refusal) -> (judged: JudgedToken, rule: Int?)? {
        guard let token = caller.token else { return nil }
        let judged = token.derived(for: policies) { claims in
            policies.judge(claims: claims, encodedPayload: token.encodedPayload, issuer: token.issuer)
        }
        if policies.tokenRules.isEmpty, !caller.isOfAdditionalIssuer { return (judged, nil) }
        switch policies.outcome(of: judged, at: caller.places) {
        case .believed(let rule): return (judged, rule)
        case .unseen:
            guard caller.isOfAdditionalIssuer else { return nil }
            throw .notBelieved(status: 401, reason: "token_not_accepted")
        case .otherIssuer: throw .notBelieved(status: 401, reason: "token_not_accepted")
        case .otherAudience: throw .notBelieved(status: 403, reason: "token_audience_not_accepted")
        }
    }
}

extension Refusal {
    /// Why is for the audit record; the caller learns that the token is another than those that count here.
    fileprivate static func notBelieved(status: Int, reason: String) -> Refusal {
        Refusal(
            IntentError(.unauthorized, "the token is not one that this workload accepts"), status: status,
            reason: reason, event: .authFailure)
    }

    /// Which policy decided is for the audit record and the operator; the caller learns that access is denied.
    fileprivate static func notAuthorized(_ reason: String) -> Refusal {
        Refusal(
            IntentError(
                .unauthorized, "access denied", retryable: false, details: ["reason": .string("AUTHORIZATION_DENIAL")]),
            status: 403, reason: reason, event: .authorizationDeny)
    }
}
