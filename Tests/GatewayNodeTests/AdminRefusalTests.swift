import Foundation
import Testing

/// What the admin API refuses, at the socket, and what the audit log says of it.
@Suite("Refusals of the admin API")
struct AdminRefusalTests {
    private static func code(_ reply: SocketClient.Reply) -> String? {
        (reply.json["error"] as? [String: Any])?["code"] as? String
    }

    @Test("without admin.access this machine may read and nobody may act, whatever token is shown; the remedy is told")
    func notConfigured() async throws {
        let node = try await TestNode()
        let client = try AdminClient(node)
        #expect(try await client.get("nodes").status == 200)
        let refused = try await client.post("node/drain")
        #expect(refused.status == 403 && Self.code(refused) == "ACCESS_NOT_CONFIGURED", "\(refused)")
        #expect(String(decoding: refused.body, as: UTF8.self).contains("admin.access"))
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        let record = try #require(try client.record("node.drain"))
        #expect(
            record["outcome"] as? String == "UNAUTHORIZED" && record["reason"] as? String == "access_not_configured")
        #expect(record["subject"] == nil, "\(record)")
        await node.stop()
    }

    @Test(
        "no credential, a token of nobody, of another issuer, of another audience, and one that is over: 401 and a record"
    )
    func credentials() async throws {
        let node = try await TestNode(admin: AdminClient.access())
        let tokens: [(String?, String)] = [
            (nil, "CREDENTIAL_MISSING"), ("nonsense", "TOKEN_REFUSED"),
            (
                try TestNode.token(roles: [AdminClient.administrator], issuer: "https://other.example.com"),
                "TOKEN_REFUSED"
            ),
            (try TestNode.token(roles: [AdminClient.administrator], audience: "other"), "TOKEN_REFUSED"),
            (
                try TestNode.token(
                    roles: [AdminClient.administrator], lifetimeSeconds: 10, now: Date(timeIntervalSinceNow: -1_000)),
                "TOKEN_REFUSED"
            ),
        ]
        var client = try AdminClient(node, role: nil)
        for (token, code) in tokens {
            client.token = token
            for path in ["nodes", "config"] {
                let reply = try await client.get(path)
                #expect(reply.status == 401 && Self.code(reply) == code, "\(reply)")
                #expect(reply.headers["www-authenticate"]?.hasPrefix("Bearer") == true)
            }
            let reply = try await client.post("node/drain")
            #expect(reply.status == 401 && Self.code(reply) == code, "\(reply)")
            if let token { #expect(!String(decoding: reply.body, as: UTF8.self).contains(token)) }
        }
        let records = try client.records()
        #expect(records.count == tokens.count * 3)
        #expect(records.allSatisfy { $0["status"] as? Int == 401 && $0["outcome"] as? String == "UNAUTHORIZED" })
        #expect(try await AdminPage.get("/metrics", port: node.adminPort).status == 200)
        await node.stop()
    }

    @Test(
        "a user may nothing, a viewer may read, an administrator may act; each refusal names the caller in its record")
    func roles() async throws {
        let node = try await TestNode(admin: AdminClient.access())
        let user = try AdminClient(node, role: "user")
        #expect(Self.code(try await user.get("nodes")) == "ROLE_MISSING")
        let viewer = try AdminClient(node, role: AdminClient.viewer)
        for path in ["nodes", "agents", "limits", "keys", "config", "log/level", "openapi.json"] {
            #expect(try await viewer.get(path).status == 200, "\(path)")
        }
        for path in [
            "limits/reset", "jwks/refresh", "keys/rotate", "node/drain", "node/undrain", "agents/a/drain",
            "agents/a/undrain", "agents/a/instances/i/drain", "agents/a/instances/i/undrain", "config/check",
            "config/reload", "policy/explain",
        ] {
            let reply = try await viewer.post(path)
            #expect(reply.status == 403 && Self.code(reply) == "ROLE_MISSING", "\(path): \(reply)")
        }
        #expect(try await viewer.ask("PUT", "log/level", #"{"level":"trace"}"#).status == 403)
        let record = try #require(try viewer.record("log.level"))
        #expect(record["subject"] as? String == "operator" && record["issuer"] as? String == TestNode.issuer)
        #expect(record["reason"] as? String == "role_missing")
        let administrator = try AdminClient(node)
        #expect(try await administrator.get("nodes").status == 200)
        #expect(try await administrator.post("node/undrain").status == 200)
        await node.stop()
    }

    @Test("roles of issuers that are not named here count for nothing")
    func issuers() async throws {
        let other = "https://other.example.com"
        let node = try await TestNode(
            authentication: """
                    - issuer: \(other)
                      audiences: [intentusnet]
                      jwks: { file: jwks.json }
                """, admin: AdminClient.access(", issuers: [\"\(other)\"]"))
        var client = try AdminClient(node)
        let reply = try await client.get("nodes")
        #expect(reply.status == 401 && Self.code(reply) == "TOKEN_REFUSED", "\(reply)")
        client.token = try TestNode.token(roles: [AdminClient.administrator], issuer: other)
        #expect(try await client.get("nodes").status == 200)
        await node.stop()
    }

    @Test("what a browser could be led to send is refused: another Host, an Origin, another content type")
    func browsers() async throws {
        let node = try await TestNode(
            admin: AdminClient.access() + #", hosts: [admin.example.com], origins: ["https://console.example.com"]"#)
        let client = try AdminClient(node)
        let bearer = "Authorization: Bearer \(client.token ?? "")"
        func ask(_ host: String, _ lines: [String] = [], method: String = "POST") async throws -> SocketClient.Reply {
            try await client.raw(
                ["\(method) /admin/v1/\(method == "GET" ? "nodes" : "node/undrain") HTTP/1.1", "Host: \(host)", bearer]
                    + lines)
        }
        let json = "Content-Type: application/json"
        for host in ["localhost", "127.0.0.1:9090", "[::1]:1", "admin.example.com", "ADMIN.example.com:443"] {
            #expect(try await ask(host, [json]).status == 200, "\(host)")
        }
        for host in ["evil.example.com", "localhost.evil.example.com", "127.0.0.1.nip.io", "[evil]", "127.1"] {
            for method in ["GET", "POST"] {
                let reply = try await ask(host, [json], method: method)
                #expect(reply.status == 421 && Self.code(reply) == "HOST_NOT_ALLOWED", "\(host): \(reply)")
            }
        }
        for origin in ["https://evil.example.com", "null", "https://console.example.com.evil.example.com"] {
            for method in ["GET", "POST"] {
                let reply = try await ask("localhost", [json, "Origin: \(origin)"], method: method)
                #expect(reply.status == 403 && Self.code(reply) == "ORIGIN_NOT_ALLOWED", "\(origin): \(reply)")
            }
        }
        #expect(try await ask("localhost", [json, "Origin: https://console.example.com"]).status == 200)
        // The console's own: this port by the name that the browser asked for, over what this port speaks.
        #expect(try await ask("admin.example.com:9090", [json, "Origin: http://admin.example.com:9090"]).status == 200)
        for (host, origin) in [
            ("localhost:9090", "https://localhost:9090"), ("localhost:9090", "http://localhost:9091"),
            ("localhost:9090", "http://127.0.0.1:9090"), ("evil.example.com", "http://evil.example.com"),
        ] {
            #expect([403, 421].contains(try await ask(host, [json, "Origin: \(origin)"]).status), "\(host) \(origin)")
        }
        for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"] {
            let reply = try await ask("localhost", ["Content-Type: \(type)"])
            #expect(reply.status == 415 && Self.code(reply) == "CONTENT_TYPE_REFUSED", "\(type): \(reply)")
        }
        #expect(try await ask("localhost").status == 415)
        #expect(try await ask("localhost", ["Content-Type: application/json; charset=utf-8"]).status == 200)
        #expect(try client.records().contains { $0["reason"] as? String == "origin_not_allowed" })
        #expect(try client.records().contains { $0["reason"] as? String == "content_type_refused" })
        await node.stop()
    }

    @Test("wrong methods, bodies that are too large or no object, unknown members and values outside their limits")
    func malformed() async throws {
        let node = try await TestNode(admin: AdminClient.access())
        let client = try AdminClient(node)
        for (method, path, allow) in [
            ("DELETE", "nodes", "GET, HEAD"), ("POST", "nodes", "GET, HEAD"), ("GET", "node/drain", "POST"),
            ("PUT", "node/drain", "POST"), ("POST", "log/level", "GET, HEAD, PUT"),
        ] {
            let reply = try await client.ask(method, path, "")
            #expect(reply.status == 405 && reply.headers["allow"] == allow, "\(method) \(path): \(reply)")
        }
        #expect(try await client.post("config/check", String(repeating: " ", count: 1 << 20) + "{}").status == 413)
        for (path, body) in [
            ("node/drain", "[]"), ("node/drain", "{"), ("node/drain", #"{"force":true}"#), ("limits/reset", "{}"),
            ("limits/reset", #"{"limit":""}"#), ("limits/reset", #"{"limit":"users","key":"acme"}"#),
            ("limits/reset", #"{"limit":"users","key":[1]}"#), ("agents/a/drain", #"{"ttlSeconds":0}"#),
            ("agents/a/drain", #"{"ttlSeconds":2592001}"#), ("agents/a/drain", #"{"ttlSeconds":1.5}"#),
            ("config/check", #"{"text":"","format":"yaml"}"#), ("config/check", #"{"format":"toml"}"#),
            ("policy/explain", "{}"), ("policy/explain", #"{"engine":"intent","request":[]}"#),
            ("policy/explain", #"{"engine":"intent","request":{}}"#), ("jwks/refresh", #"{"issuer":1}"#),
        ] {
            let reply = try await client.post(path, body)
            #expect(reply.status == 400 && Self.code(reply) == "INVALID_REQUEST", "\(path) \(body): \(reply)")
        }
        for body in ["{}", #"{"level":"loud"}"#, #"{"level":"debug","revertAfterSeconds":0}"#] {
            #expect(try await client.ask("PUT", "log/level", body).status == 400, "\(body)")
        }
        for query in ["", "?limit=", "?limit=a&limit=b", "?limit=a&colour=red", "?limit=%zz", "?limit=%ff"] {
            #expect(try await client.get("limits/bucket\(query)").status == 400, "\(query)")
        }
        #expect(try await client.get("nodes?x=1").status == 400)
        #expect(try await client.get("limits/bucket?limit=nobody").status == 404)
        #expect(try await client.post("jwks/refresh", #"{"issuer":"https://nobody.example.com"}"#).status == 404)
        // Nothing of it was done.
        #expect(try await AdminPage.get("/health/ready", port: node.adminPort).status == 200)
        await node.stop()
    }

    @Test("a policy refuses what a role allows, by path, method and principal of the token; the record names it")
    func policies() async throws {
        let policy = """
            apiVersion: security.istio.io/v1
            kind: AuthorizationPolicy
            metadata: { name: no-drains, namespace: default }
            spec:
              selector: { matchLabels: { intentusnet.io/plane: admin } }
              action: DENY
              rules:
                - to: [{ operation: { methods: [POST], paths: ["/admin/v1/node/*"] } }]
                  when: [{ key: "request.auth.claims[sub]", notValues: ["chief"] }]
            """
        let node = try await TestNode(
            files: ["admin-policies/drains.yaml": policy],
            admin: AdminClient.access() + ", authorizationFiles: [admin-policies]")
        var client = try AdminClient(node)
        let refused = try await client.post("node/drain")
        #expect(refused.status == 403 && Self.code(refused) == "POLICY_DENIED", "\(refused)")
        #expect(!String(decoding: refused.body, as: UTF8.self).contains("no-drains"))
        let record = try #require(try client.record("node.drain"))
        #expect((record["authorization"] as? String)?.contains("default/no-drains") == true, "\(record)")
        #expect(try await client.post("agents/a/undrain").status == 200)
        client.token = try TestNode.token(subject: "chief", roles: [AdminClient.administrator])
        #expect(try await client.post("node/drain").status == 200)
        // Another file, without a restart.
        try node.write(policy.replacing("[POST]", with: "[GET]"), to: "admin-policies/drains.yaml")
        client = try AdminClient(node)
        try await eventually { try await client.post("node/undrain").status == 200 }
        // The policies of the data plane are no policies of this API.
        let explained = try await client.post(
            "policy/explain",
            #"{"engine":"admin","request":{"method":"GET","path":"/admin/v1/node/drain","jwtClaims":{"iss":"i","sub":"a"}}}"#
        )
        #expect(explained.status == 200 && String(decoding: explained.body, as: UTF8.self).contains("no-drains"))
        await node.stop()
    }

    @Test("failed attempts of a peer are bounded, also for who then shows a good token; so are actions")
    func attempts() async throws {
        let node = try await TestNode(admin: ", access: { failuresPerMinute: 5, actionsPerMinute: 3 }")
        var client = try AdminClient(node)
        for _ in 0..<3 { #expect(try await client.post("node/undrain").status == 200) }
        let many = try await client.post("node/undrain")
        #expect(many.status == 429 && Self.code(many) == "TOO_MANY_ACTIONS", "\(many)")
        #expect((Int(many.headers["retry-after"] ?? "") ?? 0) >= 1)
        #expect(try await client.get("nodes").status == 200)
        client.token = "nonsense"
        for _ in 0..<5 { #expect(try await client.get("nodes").status == 401) }
        client.token = try AdminClient(node).token
        let locked = try await client.get("nodes")
        #expect(locked.status == 429 && Self.code(locked) == "TOO_MANY_FAILURES", "\(locked)")
        #expect(try await AdminPage.get("/health/live", port: node.adminPort).status == 200)
        await node.stop()
    }

    @Test(
        "metrics and the health report ask for a credential where the configuration says so and nowhere else; readiness never does",
        arguments: [(nil, false), ("", false), (", protectMetrics: false", false), (", protectMetrics: true", true)])
    func protectedMetrics(_ access: String?, _ isProtected: Bool) async throws {
        let node = try await TestNode(admin: access.map(AdminClient.access) ?? "")
        let port = node.adminPort
        func status(_ path: String, token: String? = nil) async throws -> Int {
            try await offPool { try SocketClient(port: port).request("GET", path, token: token).status }
        }
        let viewer = try TestNode.token(roles: [AdminClient.viewer])
        let user = try TestNode.token(roles: ["user"])
        for path in ["/metrics", "/health"] {
            #expect(try await status(path) == (isProtected ? 401 : 200), "\(path)")
            #expect(try await status(path, token: "nonsense") == (isProtected ? 401 : 200), "\(path)")
            #expect(try await status(path, token: user) == (isProtected ? 403 : 200), "\(path)")
            #expect(try await status(path, token: viewer) == 200, "\(path)")
        }
        for path in ["/health/live", "/health/ready", "/console"] {
            #expect(try await status(path) == 200, "\(path)")
        }
        #expect(try await status("/admin/v1/nodes") == (access == nil ? 200 : 401))
        await node.stop()
    }
}
