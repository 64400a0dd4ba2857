import RedisFixtures

/// One Envoy that holds every case: a listener for each way to read a path, and a route for each case.
final class DecisionEnvoy: Sendable {
    /// What Envoy did with a request.
    enum Decision: Sendable, Equatable {
        case allow
        case deny
        /// Neither: what it answered.
        case other(String)
    }

    private static let allowed = "allowed"

    private let envoy: EnvoyProcess
    private let ports: [String: Int]
    private let issuer = DecisionIssuer()
    private let clients: [String?: MeshClient]

    init(_ cases: [DecisionCase]) throws {
        let certificates = try MeshCertificates.shared.get()
        let groups = Dictionary(grouping: cases, by: \.pathNormalization)
        let ports = try groups.mapValues { _ in try FreePorts.next() }
        let jwks = issuer.jwks
        let security = EnvoyParts.server(
            certificates.gateway, authorityFile: certificates.authorityFile, required: false)
        let listeners = try groups.map { normalization, cases in
            let filters = [
                RBACFilter.custom.filter, Self.tokens(jwks), RBACFilter.deny.filter, RBACFilter.allow.filter,
            ]
            let manager = EnvoyParts.manager(routes: cases.map(Self.route), filters: filters)
            return EnvoyParts.listener(
                normalization, port: ports[normalization] ?? 0, security: security,
                listenerFilters: [Self.proxyProtocol, Self.inspector],
                manager: manager.merging(try EnvoyParts.pathReading(normalization)) { $1 })
        }
        envoy = try EnvoyProcess(listeners: listeners)
        self.ports = ports
        var clients: [String?: MeshClient] = [:]
        for (number, principal) in Set(cases.map(\.request.principal)).enumerated() {
            let pair = try principal.map {
                try certificates.all.leaf("decision-\(number)", alternativeNames: "URI:spiffe://\($0)")
            }
            clients[principal] = try MeshClient(showing: pair)
        }
        self.clients = clients
    }

    func decision(on example: DecisionCase) async throws -> Decision {
        guard let client = clients[example.request.principal] else { throw FixtureError("no client") }
        let answer = try await client.answer(
            try example.request.text(token: example.request.claims.map { try issuer.token($0) }),
            port: ports[example.pathNormalization] ?? 0, preface: example.request.preface,
            serverName: example.request.serverName)
        if answer.status == 200, answer.description.hasSuffix(Self.allowed) { return .allow }
        if answer.status == 403, answer.description.hasSuffix("RBAC: access denied") { return .deny }
        return .other(answer.description)
    }

    private static func route(_ example: DecisionCase) -> EnvoyValue {
        let filters = example.filters.map { ($0.key.name, $0.value) }
        return [
            "match": [
                "prefix": "/",
                "headers": [["name": "x-decision-case", "string_match": ["exact": .text(example.name)]]],
            ],
            "direct_response": ["status": 200, "body": ["inline_string": .text(allowed)]],
            "typed_per_filter_config": .object(Dictionary(uniqueKeysWithValues: filters)),
        ]
    }

    private static let proxyProtocol = EnvoyParts.filter(
        "proxy", .typed("extensions.filters.listener.proxy_protocol.v3.ProxyProtocol"))
    private static let inspector = EnvoyParts.filter(
        "tls", .typed("extensions.filters.listener.tls_inspector.v3.TlsInspector"))

    /// Verifies a token where there is one, of any issuer, and splits the claims that Istio splits.
    private static func tokens(_ jwks: String) -> EnvoyValue {
        EnvoyParts.filter(
            "tokens",
            .typed(
                "extensions.filters.http.jwt_authn.v3.JwtAuthentication",
                [
                    "providers": [
                        "any": [
                            "local_jwks": ["inline_string": .text(jwks)], "payload_in_metadata": "payload",
                            "normalize_payload_in_metadata": ["space_delimited_claims": ["scope", "permission"]],
                        ]
                    ],
                    "rules": [
                        [
                            "match": ["prefix": "/"],
                            "requires": [
                                "requires_any": [
                                    "requirements": [["provider_name": "any"], ["allow_missing": [:]]]
                                ]
                            ],
                        ]
                    ],
                ]))
    }
}
