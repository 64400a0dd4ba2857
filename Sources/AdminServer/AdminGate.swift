import Authorization
import Gateway
import GatewayHTTP
import Identity
import IntentProtocol

/// Decides whether somebody may do what is asked over the admin API.
struct AdminGate: Sendable {
    let access: AdminAccess
    let attempts: AdminAttempts
    /// The wall clock in seconds.
    let unixSeconds: @Sendable () -> Int64

    /// Establishes who asks; what is shown and does not hold is refused, also beside something that holds.
    func caller(
        _ request: borrowing HTTPRequest, _ connection: ArrivalConnection, _ record: inout AuditRecord
    ) async throws(AdminRefusal) -> AdminCaller {
        guard let rules = access.rules else { return try local(connection) }
        try attempts.checkFailures(of: connection.sourceAddress)
        do throws(AdminRefusal) {
            return try await shown(request, connection, rules, &record)
        } catch {
            if error.status == 401 { attempts.failed(connection.sourceAddress) }
            throw error
        }
    }

    /// Asks for the role first, which nobody has unless the configuration says so, then the policies.
    func authorize(
        _ caller: AdminCaller, as kind: AdminPlace.Kind, _ request: borrowing HTTPRequest,
        _ connection: ArrivalConnection, _ record: inout AuditRecord
    ) throws(AdminRefusal) {
        guard access.rules != nil else {
            guard kind != .action else {
                throw AdminRefusal(
                    403, "ACCESS_NOT_CONFIGURED",
                    "nobody may act before the configuration says who: set admin.access, and restart the node")
            }
            return
        }
        guard let role = caller.role, role >= kind.leastRole else {
            throw AdminRefusal(
                403, "ROLE_MISSING",
                kind == .action
                    ? "this needs a role of admin.access.administratorRoles, or a service of admin.access.administrators"
                    : "this needs a role or a service that admin.access names")
        }
        try judge(caller, request, connection, &record)
    }

    private func local(_ connection: ArrivalConnection) throws(AdminRefusal) -> AdminCaller {
        guard connection.sourceAddress?.isThisMachine == true else {
            throw AdminRefusal(
                403, "ACCESS_NOT_CONFIGURED",
                "only this machine may read before the configuration says who may: set admin.access, and admin.tls")
        }
        return .local
    }

    private func shown(
        _ request: borrowing HTTPRequest, _ connection: ArrivalConnection, _ rules: AdminAccess.Rules,
        _ record: inout AuditRecord
    ) async throws(AdminRefusal) -> AdminCaller {
        // Whoever showed a certificate must not pass as somebody who did not.
        if let fault = connection.certificateFault {
            record.peerFault = fault.message
            throw AdminRefusal(401, "CERTIFICATE_REFUSED", "the certificate names no service", detail: fault.reason)
        }
        guard connection.certificateEndSeconds > unixSeconds() else {
            throw AdminRefusal(401, "CERTIFICATE_REFUSED", "the certificate has ended", detail: "certificate_expired")
        }
        var caller = AdminCaller()
        if let service = connection.peer.identity {
            caller.service = service
            record.principal = service.principal
            record.identitySource = service.source.rawValue
            caller.role = rules.role(of: service)
        }
        if let value = request.authorization {
            let token = try await verified(value, rules)
            record.subject = token.subject
            record.issuer = token.issuer
            record.tenant = token.tenant
            caller.token = token
            caller.role = [caller.role, rules.role(of: token)].compactMap(\.self).max()
        }
        guard caller.token != nil || caller.service != nil else {
            throw AdminRefusal(401, "CREDENTIAL_MISSING", "a bearer token or a client certificate is required")
        }
        return caller
    }

    private func verified(
        _ value: ArraySlice<UInt8>, _ rules: AdminAccess.Rules
    ) async throws(AdminRefusal) -> VerifiedToken {
        guard let token = BearerToken.parse(value) else {
            throw AdminRefusal(401, "TOKEN_REFUSED", "the Authorization header must be a bearer token")
        }
        switch await access.verify(token) {
        case .success(let verified):
            guard rules.issuers?.contains(verified.issuer) ?? true else {
                throw AdminRefusal(
                    401, "TOKEN_REFUSED", "tokens of this issuer do not count here", detail: "issuer_not_listed")
            }
            return verified
        case .failure(.keysUnavailable(_, let seconds)):
            throw AdminRefusal(
                503, "KEYS_UNAVAILABLE", "the keys of the token's issuer cannot be had now", retryAfterSeconds: seconds)
        case .failure(let refusal):
            throw AdminRefusal(401, "TOKEN_REFUSED", refusal.message, detail: refusal.reason)
        }
    }

    private func judge(
        _ caller: AdminCaller, _ request: borrowing HTTPRequest, _ connection: ArrivalConnection,
        _ record: inout AuditRecord
    ) throws(AdminRefusal) {
        guard let policies = access.policies?.current else { return }
        let token = caller.token.map { token in
            token.derived(for: policies) { claims in
                policies.judge(claims: claims, encodedPayload: token.encodedPayload, issuer: token.issuer)
            }
        }
        // Credentials are not for policies to compare.
        let fields = request.headerFields().filter { field in
            !request.headBytes[field.name].elementsEqual("authorization".utf8) { $0 | 0x20 == $1 }
        }
        let decision = policies.evaluate(
            AuthorizationRequest(
                principal: caller.service.flatMap { PeerPrincipal($0.id.principal) },
                sourceAddress: connection.sourceAddress, remoteAddress: connection.sourceAddress,
                destinationAddress: connection.destinationAddress, destinationPort: connection.destinationPort,
                method: request.method, target: request.target, host: request.host,
                headers: AuthorizationHeaders(
                    bytes: request.headBytes, fields: fields.map { .init(name: $0.name, value: $0.value) }),
                token: token?.attributes))
        for match in decision.audited { record.auditedPolicies.append(match.policy) }
        if decision.shadowDiffers { record.dryRun = decision.shadow?.description }
        guard !decision.isAllowed else { return }
        record.authorization = decision.reason.description
        throw AdminRefusal(403, "POLICY_DENIED", "a policy of admin.authorizationFiles refuses this")
    }
}

extension AdminPlace.Kind {
    fileprivate var leastRole: AdminRole { self == .action ? .administrator : .viewer }
}

extension AdminAccess.Rules {
    fileprivate func role(of token: VerifiedToken) -> AdminRole? {
        if !administratorRoles.isDisjoint(with: token.roles) { return .administrator }
        return viewerRoles.isDisjoint(with: token.roles) ? nil : .viewer
    }

    fileprivate func role(of service: ServiceIdentity) -> AdminRole? {
        if administrators.contains(service.principal) { return .administrator }
        return viewers.contains(service.principal) ? .viewer : nil
    }
}

extension NetworkAddress {
    /// Whether it is one of this machine's own, which no network routes.
    var isThisMachine: Bool { isIPv6 ? bits == 1 : bits >> 24 == 127 }
}
