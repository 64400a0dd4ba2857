import DevelopmentIssuer
import Foundation
import Testing

/// Every refusal of the straight line, at the socket: status, code, retryable, that no worker saw the request, and that
/// the connection goes on or ends as it should.
@Suite("Refusals at the socket")
struct RefusalTests {
    /// A request that is refused and what must be seen of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var status: Int
        var code: String
        var retryable = false
        var reason: String?
        var token: Token = .valid
        var body: String = Envelope.bare()
        var headers: [String] = []
        var staysOpen = true
        var testDescription: String { name }
    }

    enum Token: Sendable {
        case valid, none
        case other(@Sendable () throws -> String)
    }

    static let unauthenticated: [Case] = [
        Case(name: "no token", status: 401, code: "UNAUTHORIZED", token: .none),
        Case(name: "a token that is not a JWT", status: 401, code: "UNAUTHORIZED", token: .other { "abc" }),
        Case(
            name: "an expired token", status: 401, code: "UNAUTHORIZED",
            token: .other {
                try TestNode.token(lifetimeSeconds: 60, now: Date(timeIntervalSinceNow: -3600))
            }),
        Case(
            name: "a token for another audience", status: 401, code: "UNAUTHORIZED",
            token: .other {
                try TestNode.token(audience: "billing")
            }),
        Case(
            name: "a token of an unknown issuer", status: 401, code: "UNAUTHORIZED",
            token: .other {
                try TestNode.token(issuer: "https://evil.example.com")
            }),
        Case(
            name: "a token signed by another key of the same name", status: 401, code: "UNAUTHORIZED",
            token: .other {
                try DevelopmentKey(keyId: "k1").sign(
                    DevelopmentClaims(
                        issuer: TestNode.issuer, audience: "intentusnet", subject: "mallory", roles: ["admin"],
                        tenant: nil, lifetimeSeconds: 60))
            }),
        Case(
            name: "another scheme", status: 401, code: "UNAUTHORIZED", token: .none,
            headers: ["Authorization: Basic YWxpY2U6eA=="]),
        Case(
            name: "an empty bearer", status: 401, code: "UNAUTHORIZED", token: .none,
            headers: ["Authorization: Bearer "]),
        Case(name: "no token and a broken body", status: 401, code: "UNAUTHORIZED", token: .none, body: "{"),
        Case(
            name: "S7 a chain token beside another header token", status: 400, code: "VALIDATION_ERROR",
            body: Envelope.bare(chain: ["Bearer abc"])),
        Case(
            name: "S7 a frame token that differs from the chain's", status: 400, code: "VALIDATION_ERROR", token: .none,
            body: Envelope.frame(Envelope.bare(chain: ["Bearer abc"]), headers: #"{"Authorization":"Bearer abd"}"#)),
    ]

    static let envelopes: [Case] = [
        Case(name: "an empty body", status: 400, code: "VALIDATION_ERROR", body: ""),
        Case(name: "malformed JSON", status: 400, code: "VALIDATION_ERROR", body: #"{"version":"#),
        Case(name: "version 2.0", status: 400, code: "VALIDATION_ERROR", body: Envelope.bare(version: "2.0")),
        Case(name: "an empty intent name", status: 400, code: "VALIDATION_ERROR", body: Envelope.bare(intent: "")),
        Case(
            name: "a payload that is a list", status: 400, code: "VALIDATION_ERROR", body: Envelope.bare(payload: "[]")),
        Case(
            name: "duplicate keys deep inside", status: 400, code: "VALIDATION_ERROR",
            body: Envelope.bare(payload: #"{"a":{"b":1,"\u0062":2}}"#)),
        Case(name: "NaN", status: 400, code: "VALIDATION_ERROR", body: Envelope.bare(payload: #"{"a":NaN}"#)),
        Case(
            name: "nesting deeper than 64", status: 400, code: "VALIDATION_ERROR",
            body: Envelope.bare(
                payload: #"{"a":"# + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "}")),
        Case(
            name: "an unknown strategy", status: 400, code: "VALIDATION_ERROR", body: Envelope.bare(strategy: "random")),
        Case(
            name: "an unknown priority", status: 400, code: "VALIDATION_ERROR", body: Envelope.bare(priority: "urgent")),
        Case(
            name: "an unknown messageType", status: 400, code: "PROTOCOL_ERROR",
            body: Envelope.frame(messageType: "ping")),
        Case(
            name: "an EMCL frame where no key is configured", status: 400, code: "EMCL_FAILURE",
            body: Envelope.frame(#"{"cipherText":"","iv":"","tag":""}"#, messageType: "emcl")),
        Case(
            name: "a payload over 1 MiB as the guide counts", status: 413, code: "PAYLOAD_TOO_LARGE",
            body: Envelope.bare(payload: #"{"t":""# + String(repeating: "é", count: 180_000) + #""}"#)),
        Case(name: "a bad time limit", status: 400, code: "VALIDATION_ERROR", headers: ["X-Intentus-Timeout-Ms: soon"]),
    ]

    static let routing: [Case] = [
        Case(
            name: "an intent that nobody answers", status: 404, code: "CAPABILITY_NOT_FOUND",
            body: Envelope.bare(intent: "UnknownIntent")),
        Case(
            name: "a target that does not answer the intent", status: 404, code: "ROUTING_ERROR",
            body: Envelope.bare(target: "nobody")),
        Case(
            name: "PARALLEL where it is not allowed", status: 400, code: "VALIDATION_ERROR",
            body: Envelope.bare(strategy: "parallel")),
    ]

    @Test(
        "each refusal has its status and code, reaches no worker and leaves the connection usable",
        arguments: unauthenticated + envelopes + routing)
    func refusal(_ example: Case) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let reply = try client.post(
            example.body, token: try text(example.token), headers: example.headers)
        #expect(reply.status == example.status, "\(reply)")
        #expect(reply.code == example.code, "\(reply)")
        #expect(reply.isRetryable == example.retryable, "\(reply)")
        if reply.status == 401 {
            // Who showed a token learns that it does not hold, who showed none that one is wanted (RFC 6750, 3.1).
            let wanted = example.name.contains("no token") ? "" : #", error="invalid_token""#
            #expect(reply.headers["www-authenticate"] == "Bearer realm=\"intentusnet\"\(wanted)", "\(reply)")
        }
        #expect(worker.requests.isEmpty)
        // The same connection then serves an ordinary request.
        let next = try client.post(Envelope.bare(), token: try TestNode.token())
        #expect(next.status == 200, "\(next)")
        #expect(worker.requests.count == 1)
        await node.stop()
    }

    @Test(
        "the Python door answers 200 and tells the same code in the frame",
        arguments: unauthenticated + envelopes + routing)
    func pythonDoor(_ example: Case) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        for path in ["/", "/intent"] {
            let client = try SocketClient(port: node.port)
            let reply = try client.post(
                example.body, path: path, token: try text(example.token), headers: example.headers)
            #expect(reply.status == 200, "\(reply)")
            #expect(reply.json["messageType"] as? String == "response", "\(reply)")
            #expect(reply.code == example.code, "\(reply)")
        }
        #expect(worker.requests.isEmpty)
        await node.stop()
    }

    @Test("a denied caller learns no more than that policy denied")
    func policyDenial() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let reply = try client.post(Envelope.bare(), token: try TestNode.token(roles: ["guest"]))
        #expect(reply.status == 403)
        #expect(reply.code == "UNAUTHORIZED")
        #expect(reply.isRetryable == false)
        #expect(reply.details["reason"] as? String == "POLICY_DENIAL")
        #expect(worker.requests.isEmpty)
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        let audited = try node.auditLines().first { $0["event"] as? String == "policy_deny" }
        #expect(audited?["subject"] as? String == "alice")
        await node.stop()
    }

    @Test("a limit refuses with 429, Retry-After and the state of the bucket")
    func rateLimit() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: tenant-limit, action: ALLOW, roles: [user], rate_limit_per_minute: 6, rate_limit_burst: 2, rate_limit_key_template: "{tenant}" }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let first = try client.post(Envelope.bare(), token: token)
        #expect(first.status == 200)
        #expect(first.headers["ratelimit-policy"]?.contains("tenant-limit") == true, "\(first.headers)")
        #expect(first.headers["ratelimit"]?.contains("r=1") == true, "\(first.headers)")
        #expect(try client.post(Envelope.bare(), token: token).status == 200)
        let refused = try client.post(Envelope.bare(), token: token)
        #expect(refused.status == 429)
        #expect(refused.code == "RATE_LIMIT")
        #expect(refused.isRetryable == true)
        let seconds = try #require(refused.headers["retry-after"].flatMap { Int($0) })
        #expect((1...10).contains(seconds))
        #expect((refused.details["retryAfterMs"] as? Int).map { $0 > 0 } == true)
        #expect(worker.requests.count == 2)
        // Another tenant has a bucket of its own.
        #expect(try client.post(Envelope.bare(), token: try TestNode.token(tenant: "globex")).status == 200)
        await node.stop()
    }

    private func text(_ token: Token) throws -> String? {
        switch token {
        case .valid: try TestNode.token()
        case .none: nil
        case .other(let make): try make()
        }
    }
}
