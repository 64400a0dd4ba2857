import DevelopmentIssuer
import Documents
import Foundation
import GatewayNode
import Testing

/// What RequestAuthentications make of tokens, seen from outside.
@Suite("RequestAuthentication at the socket")
struct RequestAuthenticationTests {
    static let other = "https://other.example.com"

    static func resource(_ rules: String) -> String {
        """
        apiVersion: security.istio.io/v1
        kind: RequestAuthentication
        metadata: { name: tokens, namespace: default }
        spec:
          jwtRules:
        \(rules.split(separator: "\n").map { "    - " + $0 }.joined(separator: "\n"))
        """
    }

    /// Only who has a token that the mesh believes.
    static let asksForToken = AuthorizationAtTheSocketTests.policy(
        "known", "action: ALLOW\nrules:\n  - from: [{ source: { requestPrincipals: [\"*\"] } }]")

    static func node(
        _ worker: ScriptedWorker, _ resources: [String], lets: Bool = false, anonymous: Bool = true
    ) async throws -> TestNode {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", policy: "default: allow\nrules: []\n",
            authentication: anonymous ? "  anonymous: allow" : "",
            extra: """
                mesh: { namespace: default }
                authorization: { files: [authz], requestAuthenticationIssuers: \(lets) }
                """,
            files: Dictionary(
                uniqueKeysWithValues: resources.enumerated().map { ("authz/\($0.offset).yaml", $0.element) }))
    }

    static func ask(_ node: TestNode, _ headers: [String] = [], query: String = "") throws -> SocketClient.Reply {
        let client = try SocketClient(port: node.port)
        let body = Envelope.bare()
        try client.send(
            "POST /api/v1/intent\(query) HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
                + headers.map { $0 + "\r\n" }.joined() + "content-length: \(body.utf8.count)\r\n\r\n\(body)")
        return try client.receive()
    }

    static func bearer(_ token: String) -> [String] { ["authorization: Bearer \(token)"] }

    @Test("an absent token passes to the policies, which see no principal; an invalid one is refused before them")
    func absentAndInvalid() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let open = try await Self.node(worker, [Self.resource("{ issuer: \"\(TestNode.issuer)\" }")])
        #expect(try Self.ask(open).status == 200)
        let token = try TestNode.token()
        #expect(try Self.ask(open, Self.bearer(token)).status == 200)
        #expect(try Self.ask(open, Self.bearer(token + "x")).status == 401)
        #expect(try Self.ask(open, Self.bearer(try TestNode.token(lifetimeSeconds: -120))).status == 401)
        await open.stop()
        let asking = try await Self.node(
            worker, [Self.resource("{ issuer: \"\(TestNode.issuer)\" }"), Self.asksForToken])
        #expect(try Self.ask(asking).status == 403)
        #expect(try Self.ask(asking, Self.bearer(token)).status == 200)
        #expect(try Self.ask(asking, Self.bearer("x.y.z")).status == 401)
        await asking.stop()
    }

    @Test("another issuer's token is answered 401, another audience's 403")
    func audiences() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(
            worker, [Self.resource("{ issuer: \"\(TestNode.issuer)\", audiences: [another] }")])
        #expect(try Self.ask(node, Self.bearer(try TestNode.token())).status == 403)
        #expect(try Self.ask(node, Self.bearer(try TestNode.token(issuer: Self.other))).status == 401)
        #expect(
            try node.auditLines().contains { $0["reason"] as? String == "token_audience_not_accepted" })
        await node.stop()
        #expect(worker.requests.isEmpty)
    }

    @Test("a token is found in the header, the parameter or the cookie that a rule names, and nowhere else")
    func places() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let rule =
            "{ issuer: \"\(TestNode.issuer)\", fromHeaders: [{ name: x-token, prefix: \"Tok \" }], fromParams: [t], fromCookies: [session] }"
        let node = try await Self.node(worker, [Self.resource(rule), Self.asksForToken])
        let token = try TestNode.token()
        #expect(try Self.ask(node, ["X-Token: Tok \(token)"]).status == 200)
        #expect(try Self.ask(node, query: "?a=b&t=\(token)").status == 200)
        #expect(try Self.ask(node, ["Cookie: a=b; session=\(token)"]).status == 200)
        // At other places it is the gateway's own affair, and no token for the mesh.
        #expect(try Self.ask(node, Self.bearer(token)).status == 403)
        #expect(try Self.ask(node, ["X-Token: \(token)"]).status == 403)
        #expect(try Self.ask(node, query: "?access_token=\(token)").status == 403)
        // At its place it must hold.
        #expect(try Self.ask(node, ["X-Token: Tok \(token)x"]).status == 401)
        #expect(try Self.ask(node, query: "?t=x.y.z").status == 401)
        // Two that differ speak for nobody.
        let second = try TestNode.token(subject: "bob")
        for headers in [
            ["X-Token: Tok \(token)", "Cookie: session=\(second)"], ["X-Token: Tok \(token)"] + Self.bearer(second),
        ] {
            let refused = try Self.ask(node, headers)
            #expect(refused.status == 400, "\(refused)")
            #expect(refused.details["reason"] as? String == "conflicting_tokens")
        }
        #expect(try Self.ask(node, ["X-Token: Tok \(token)"] + Self.bearer(token)).status == 200)
        await node.stop()
    }

    @Test("without places a rule takes the query's access_token too; without any rule it is not looked at")
    func accessToken() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let token = try TestNode.token()
        let ruled = try await Self.node(
            worker, [Self.resource("{ issuer: \"\(TestNode.issuer)\" }"), Self.asksForToken])
        #expect(try Self.ask(ruled, query: "?access_token=\(token)").status == 200)
        await ruled.stop()
        // Nothing reads a query there, and what nothing reads is refused.
        let bare = try await Self.node(worker, [Self.asksForToken])
        #expect(try Self.ask(bare, query: "?access_token=\(token)").status == 400)
        #expect(try Self.ask(bare, Self.bearer(token)).status == 200)
        await bare.stop()
    }

    @Test("policies do not see the header that the token stood in, unless the rule forwards it; workers never see it")
    func forwarding() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let deny = AuthorizationAtTheSocketTests.policy(
            "seen",
            "action: DENY\nrules:\n  - when: [{ key: \"request.headers[authorization]\", values: [\"*\"] }]\n  - when: [{ key: \"request.headers[x-token]\", values: [\"*\"] }]"
        )
        let token = try TestNode.token()
        for (forwards, status) in [
            ("", 200), (", forwardOriginalToken: false", 200), (", forwardOriginalToken: true", 403),
        ] {
            let node = try await Self.node(
                worker, [Self.resource("{ issuer: \"\(TestNode.issuer)\"\(forwards) }"), deny])
            #expect(try Self.ask(node, Self.bearer(token)).status == status)
            #expect(try Self.ask(node, ["x-token: \(token)"]).status == 403)
            await node.stop()
        }
        #expect(worker.requests.allSatisfy { !"\($0.head)\(String(decoding: $0.body, as: UTF8.self))".contains(token) })
    }

    @Test("payload and claims go to policies and workers as headers; a caller's own copies never do")
    func outputs() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let rule =
            "{ issuer: \"\(TestNode.issuer)\", outputPayloadToHeader: x-payload, outputClaimToHeaders: [{ header: x-tenant, claim: tenant }] }"
        let acme = AuthorizationAtTheSocketTests.policy(
            "acme", "action: ALLOW\nrules:\n  - when: [{ key: \"request.headers[x-tenant]\", values: [\"acme\"] }]")
        let node = try await Self.node(worker, [Self.resource(rule), acme])
        let token = try TestNode.token()
        #expect(try Self.ask(node, Self.bearer(token)).status == 200)
        let head = try #require(worker.requests.last?.head)
        #expect(head.contains("x-payload: \(token.split(separator: ".")[1])\r\n"), "\(head)")
        #expect(head.contains("x-tenant: acme\r\n"), "\(head)")
        #expect(try Self.ask(node, Self.bearer(try TestNode.token(tenant: "other")) + ["X-Tenant: acme"]).status == 403)
        #expect(try Self.ask(node, ["x-tenant: acme"]).status == 403)
        #expect(worker.requests.count == 1)
        await node.stop()
    }

    @Test("an issuer that only a policy names is not trusted, and check says so")
    func untrustedIssuer() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let key = try DevelopmentKey(keyId: "p1")
        let rule = "{ issuer: \"\(Self.other)\", jwks: '\(try key.jwks())' }"
        let node = try await Self.node(worker, [Self.resource(rule)])
        let token = try key.sign(KeyTests.claims(Self.other))
        #expect(try Self.ask(node, Self.bearer(token)).status == 401)
        #expect(worker.requests.isEmpty)
        let findings = await node.node.reload()
        #expect(findings.contains { "\($0)".contains("requestAuthenticationIssuers: true") }, "\(findings)")
        await node.stop()
    }

    @Test("where the configuration lets policies name issuers, inline keys, an address and discovery all serve")
    func additionalIssuers() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let key = try DevelopmentKey(keyId: "p1")
        let jwks = try key.jwks()
        let port = KeyTests.Keys(nil)
        let server = try PlainServer { path in
            let base = "http://127.0.0.1:\(port.current ?? "")"
            switch path {
            case "/jwks.json": return jwks
            case "/good/.well-known/openid-configuration":
                return "{\"issuer\": \"\(base)/good\", \"jwks_uri\": \"\(base)/jwks.json\"}"
            case "/forged/.well-known/openid-configuration":
                return "{\"issuer\": \"\(base)/good\", \"jwks_uri\": \"\(base)/jwks.json\"}"
            default: return nil
            }
        }
        defer { server.stop() }
        port.set("\(server.port)")
        let base = "http://127.0.0.1:\(server.port)"
        let node = try await Self.node(
            worker,
            [
                Self.resource(
                    """
                    { issuer: inline, audiences: [intentusnet], jwks: '\(jwks)' }
                    { issuer: address, audiences: [intentusnet], jwksUri: "\(base)/jwks.json", timeout: 2s }
                    { issuer: "\(base)/good", audiences: [intentusnet] }
                    { issuer: "\(base)/forged", audiences: [intentusnet] }
                    { issuer: else, audiences: [another], jwks: '\(jwks)' }
                    { issuer: placed, audiences: [intentusnet], jwks: '\(jwks)', fromHeaders: [{ name: x-placed }] }
                    """), Self.asksForToken,
            ], lets: true)
        for issuer in ["inline", "address", "\(base)/good"] {
            let reply = try Self.ask(node, Self.bearer(try key.sign(KeyTests.claims(issuer))))
            #expect(reply.status == 200, "\(issuer): \(reply)")
            let stranger = try DevelopmentKey(keyId: "p1")
            #expect(try Self.ask(node, Self.bearer(try stranger.sign(KeyTests.claims(issuer)))).status == 401)
        }
        // The configuration document of another issuer brings no keys.
        #expect(try Self.ask(node, Self.bearer(try key.sign(KeyTests.claims("\(base)/forged")))).status == 503)
        #expect(try Self.ask(node, Self.bearer(try key.sign(KeyTests.claims("else")))).status == 403)
        #expect(try Self.ask(node, Self.bearer(try key.sign(KeyTests.claims("nobody")))).status == 401)
        // Its tokens count where its rule looks, and nowhere else.
        let placed = try key.sign(KeyTests.claims("placed"))
        #expect(try Self.ask(node, ["x-placed: \(placed)"]).status == 200)
        #expect(try Self.ask(node, Self.bearer(placed)).status == 401)
        // The node's own issuer is asked first, and cannot be taken over.
        #expect(try Self.ask(node, Self.bearer(try key.sign(KeyTests.claims(TestNode.issuer)))).status == 401)
        await node.stop()
    }

    @Test("an issuer comes and goes with the resource, without a request refused that was to pass")
    func reload() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let (first, second) = (try DevelopmentKey(keyId: "p1"), try DevelopmentKey(keyId: "p2"))
        let both = { (key: DevelopmentKey) in
            Self.resource(
                "{ issuer: added, audiences: [intentusnet], jwks: '\(try key.jwks())' }\n{ issuer: \"\(TestNode.issuer)\" }"
            )
        }
        let node = try await Self.node(
            worker, [Self.resource("{ issuer: \"\(TestNode.issuer)\" }")], lets: true)
        let token = try first.sign(KeyTests.claims("added"))
        #expect(try Self.ask(node, Self.bearer(token)).status == 401)
        try node.write(try both(first), to: "authz/0.yaml")
        _ = await node.node.reload()
        #expect(try Self.ask(node, Self.bearer(token)).status == 200)
        try node.write(try both(second), to: "authz/0.yaml")
        _ = await node.node.reload()
        #expect(try Self.ask(node, Self.bearer(token)).status == 401)
        #expect(try Self.ask(node, Self.bearer(try second.sign(KeyTests.claims("added")))).status == 200)
        // Keys that are none are not taken, and the former ones stay.
        try node.write(
            Self.resource("{ issuer: added, audiences: [intentusnet], jwks: '{\"keys\": [1]}' }"), to: "authz/0.yaml")
        #expect(await node.node.reload().contains { $0.severity == .error })
        #expect(try Self.ask(node, Self.bearer(try second.sign(KeyTests.claims("added")))).status == 200)
        try node.write(Self.resource("{ issuer: \"\(TestNode.issuer)\" }"), to: "authz/0.yaml")
        _ = await node.node.reload()
        #expect(try Self.ask(node, Self.bearer(try second.sign(KeyTests.claims("added")))).status == 401)
        #expect(try Self.ask(node, Self.bearer(try TestNode.token())).status == 200)
        await node.stop()
    }

    @Test(
        "sources that could not be believed refuse the configuration",
        arguments: [
            (
                "{ issuer: a, jwksUri: \"http://elsewhere.example.com/jwks\" }",
                "its keys cannot be fetched: http is accepted"
            ),
            ("{ issuer: a, jwksUri: \"https://169.254.169.254/jwks\" }", "its keys cannot be fetched: link-local"),
            ("{ issuer: a }", "its keys cannot be fetched"),
            (
                "{ issuer: a, jwks: '{\"keys\": []}' }\n{ issuer: a, jwksUri: \"https://e.example.com/\" }",
                "keys from two places"
            ),
        ])
    func refusedSources(_ rules: String, _ expected: String) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        do {
            let node = try await Self.node(worker, [Self.resource(rules)], lets: true)
            await node.stop()
            Issue.record("it started")
        } catch {
            #expect("\(error)".contains(expected), "\(error)")
        }
    }

    @Test("an issuer that only a policy names registers no agents, unless the grant names it")
    func registration() async throws {
        let key = try DevelopmentKey(keyId: "p1")
        for (issuers, status) in [("", 403), (", issuers: [added]", 201)] {
            let node = try await TestNode(
                extra: """
                    authorization: { files: [authz.yaml], requestAuthenticationIssuers: true }
                    registration: { allow: [{ agents: ["*"], roles: [user], hosts: ["127.0.0.1"]\(issuers) }] }
                    """,
                files: [
                    "authz.yaml": Self.resource(
                        "{ issuer: added, audiences: [intentusnet], jwks: '\(try key.jwks())' }")
                ])
            let body =
                #"{"url":"http://127.0.0.1:9/","intents":[{"name":"SummarizeIntent","version":"1.0"}],"ttlSeconds":20}"#
            let client = try SocketClient(port: node.port)
            try client.send(
                "PUT /api/v1/agents/a/instances/i HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nauthorization: Bearer \(try key.sign(KeyTests.claims("added")))\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            )
            let reply = try client.receive()
            #expect(reply.status == status, "\(reply)")
            await node.stop()
        }
    }
}
