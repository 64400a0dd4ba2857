import Foundation
import Testing

/// What a policy file makes of requests, seen from outside.
@Suite("Policy at the socket")
struct PolicyAtTheSocketTests {
    @Test("a rule in shadow mode is counted and audited and decides nothing")
    func shadowDenial() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: would-deny, action: DENY, mode: shadow, intents: ["Summarize*"], roles: ["*"] }
              - { id: users, action: ALLOW, roles: [user] }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        let reply = try client.post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        #expect(!"\(reply)".contains("would-deny"))
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["shadowRules"] as? [String] == ["would-deny"])
        #expect(record?["rule"] as? String == "users")
        #expect(try await node.metric(#"intentusnet_policy_shadow_total{rule="would-deny"}"#) == 1)
        await node.stop()
    }

    @Test("an allowing rule in shadow mode opens nothing, and its limit refuses nobody")
    func shadowAllowanceAndLimit() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: would-allow, action: ALLOW, mode: shadow, roles: [guest] }
              - { id: would-limit, action: ALLOW, mode: shadow, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 1, rate_limit_key_template: "{subject}" }
              - { id: users, action: ALLOW, roles: [user] }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        #expect(try client.post(Envelope.bare(), token: try TestNode.token(roles: ["guest"])).status == 403)
        #expect(worker.requests.isEmpty)
        for _ in 0..<3 {
            let reply = try client.post(Envelope.bare(), token: try TestNode.token())
            #expect(reply.status == 200, "\(reply)")
            #expect(reply.headers["ratelimit"] == nil, "\(reply)")
        }
        #expect(try await node.metric("intentusnet_limit_shadow_refused_total") == 2)
        #expect(try await node.metric("intentusnet_limit_refused_total") == 0)
        #expect(try await node.metric(#"intentusnet_policy_shadow_total{rule="would-allow"}"#) == 1)
        await node.stop()
    }

    @Test("two limits are taken together or not at all")
    func allLimits() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rate_limits: all
            rules:
              - { id: per-subject, action: ALLOW, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 1, rate_limit_key_template: "{subject}" }
              - { id: per-tenant, action: ALLOW, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 2, rate_limit_key_template: "{tenant}" }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        func ask(_ subject: String, _ tenant: String) throws -> SocketClient.Reply {
            try client.post(Envelope.bare(), token: try TestNode.token(subject: subject, tenant: tenant))
        }
        let first = try ask("alice", "acme")
        #expect(first.status == 200)
        for name in ["per-subject", "per-tenant"] {
            #expect(first.headers["ratelimit"]?.contains("\"\(name)\"") == true, "\(first)")
            #expect(first.headers["ratelimit-policy"]?.contains("\"\(name)\"") == true, "\(first)")
        }
        // Alice's own bucket is empty: the tenant's keeps the token that is left in it, for bob.
        for _ in 0..<3 {
            let refused = try ask("alice", "acme")
            #expect(refused.status == 429, "\(refused)")
            #expect(refused.details["limit"] as? String == "per-subject")
            #expect(refused.headers["retry-after"] != nil)
        }
        #expect(try ask("bob", "acme").status == 200)
        // The tenant's bucket is empty: carol keeps her own token, for another tenant.
        let exhausted = try ask("carol", "acme")
        #expect(exhausted.status == 429)
        #expect(exhausted.details["limit"] as? String == "per-tenant", "\(exhausted)")
        #expect(try ask("carol", "globex").status == 200)
        #expect(worker.requests.count == 3)
        await node.stop()
    }

    @Test("rate_limits: first takes the deciding rule's limit alone")
    func firstLimit() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rate_limits: first
            rules:
              - { id: wide, action: ALLOW, roles: [user], rate_limit_per_minute: 100, rate_limit_key_template: "{subject}" }
              - { id: narrow, action: ALLOW, roles: ["*"], rate_limit_per_minute: 1, rate_limit_key_template: "{tenant}" }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        for _ in 0..<3 {
            let reply = try client.post(Envelope.bare(), token: try TestNode.token())
            #expect(reply.status == 200, "\(reply)")
            #expect(reply.headers["ratelimit"]?.contains("narrow") == false, "\(reply)")
        }
        await node.stop()
    }

    /// Three agents, tried in this order; the first always fails, the second has a limit of one request.
    static let ladder = """
        default: deny
        rules:
          - { id: second-limit, action: ALLOW, agents: [second], roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 1, rate_limit_key_template: "{agent}" }
          - { id: others, action: ALLOW, agents: [first, third], roles: [user] }
        """

    @Test("a fallback passes over an agent whose own limit is used up and goes on to the next")
    func fallbackPastLimit() async throws {
        let failure = WorkerFailureTests.errorFrame("AGENT_ERROR", retryable: true)
        let (first, second, third) = (try ScriptedWorker(.frame(failure)), try ScriptedWorker(), try ScriptedWorker())
        defer { for worker in [first, second, third] { worker.stop() } }
        let agents = [("first", first), ("second", second), ("third", third)].enumerated()
            .map { TestNode.agent($0.element.0, $0.element.1, priority: $0.offset) }.joined(separator: ", ")
        let node = try await TestNode(agents: "[\(agents)]", policy: Self.ladder)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        for (tried, answered) in [(1, "second"), (2, "third"), (3, "third")] {
            let reply = try client.post(Envelope.bare(strategy: "fallback"), token: token)
            #expect(reply.status == 200, "\(reply)")
            #expect(try node.auditLines().last?["agent"] as? String == answered)
            #expect(try node.auditLines().last?["event"] as? String == "request")
            // What another agent's limit refused is not the answer's business.
            #expect(reply.headers["retry-after"] == nil, "\(reply)")
            #expect((reply.headers["ratelimit"] != nil) == (answered == "second"), "\(reply)")
            #expect(first.requests.count == tried)
        }
        #expect(second.requests.count == 1)
        #expect(third.requests.count == 2)
        await node.stop()
    }

    @Test("a fallback whose last agent is out of tokens ends with that, and calls nobody beyond the limit")
    func fallbackEndsAtLimit() async throws {
        let failure = WorkerFailureTests.errorFrame("AGENT_ERROR", retryable: true)
        let (first, second) = (try ScriptedWorker(.frame(failure)), try ScriptedWorker())
        defer { for worker in [first, second] { worker.stop() } }
        let agents = [("first", first), ("second", second)].enumerated()
            .map { TestNode.agent($0.element.0, $0.element.1, priority: $0.offset) }.joined(separator: ", ")
        let node = try await TestNode(agents: "[\(agents)]", policy: Self.ladder)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        #expect(try client.post(Envelope.bare(strategy: "fallback"), token: token).status == 200)
        let refused = try client.post(Envelope.bare(strategy: "fallback"), token: token)
        #expect(refused.status == 429, "\(refused)")
        #expect(refused.code == "RATE_LIMIT")
        #expect((refused.details["retryAfterMs"] as? Int).map { $0 > 0 } == true, "\(refused)")
        #expect(refused.headers["retry-after"].flatMap { Int($0) }.map { (1...60).contains($0) } == true, "\(refused)")
        #expect(refused.headers["ratelimit"]?.contains("\"second-limit\";r=0") == true, "\(refused)")
        #expect(refused.headers["ratelimit-policy"]?.contains("\"second-limit\"") == true, "\(refused)")
        let metadata = refused.json["metadata"] as? [String: Any]
        #expect(metadata?["agent"] as? String == "fallback", "\(refused)")
        let record = try node.auditLines().last
        #expect(record?["event"] as? String == "rate_limited")
        #expect(record?["reason"] as? String == "rate_limited")
        #expect(record?["rule"] as? String == "second-limit")
        #expect(record?["agent"] as? String == "second")
        #expect(record?["status"] as? Int == 429)
        #expect(second.requests.count == 1)
        await node.stop()
    }

    @Test("payload_regex denies by what stands in the payload, at the top and below")
    func payloadRegex() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: no-secrets, action: DENY, roles: ["*"], payload_regex: { text: "pass(word|phrase)" } }
              - { id: no-drop, action: DENY, roles: ["*"], payload_regex: { "query.sql": '^drop\\s' } }
              - { id: users, action: ALLOW, roles: [user] }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        let denied = [
            #"{"text":"my PassWord is x"}"#, #"{"text":"my pass\u0077ord"}"#, #"{"text":["a","passphrase"]}"#,
            #"{"query":{"sql":"DROP table t"}}"#,
        ]
        for payload in denied {
            let reply = try client.post(Envelope.bare(payload: payload), token: token)
            #expect(reply.status == 403, "\(payload): \(reply)")
            #expect(!"\(reply)".contains("no-secrets"))
        }
        #expect(worker.requests.isEmpty)
        let rules = try node.auditLines().compactMap { $0["rule"] as? String }
        #expect(rules == ["no-secrets", "no-secrets", "no-secrets", "no-drop"])
        for payload in [#"{"text":"hello"}"#, #"{"query":{"sql":"select drop "}}"#, "{}"] {
            #expect(try client.post(Envelope.bare(payload: payload), token: token).status == 200, "\(payload)")
        }
        await node.stop()
    }

    @Test("anonymous callers reach what a rule for callers without roles allows; a bad token is still 401 (S7)")
    func anonymous() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: open, action: ALLOW, intents: [SummarizeIntent], roles: [] }
            """
        let node = try await TestNode.inFront(
            of: worker, intents: ["SummarizeIntent", "AdminIntent"], policy: policy,
            authentication: "  anonymous: allow")
        let client = try SocketClient(port: node.port)
        let reply = try client.post(Envelope.bare(chain: ["user:root"]))
        #expect(reply.status == 200, "\(reply)")
        let metadata = worker.requests.first?.envelope["metadata"] as? [String: Any]
        #expect(metadata?["identityChain"] as? [String] == ["service:api-gateway", "user:root"])
        #expect(try client.post(Envelope.bare(intent: "AdminIntent")).status == 403)
        #expect(try client.post(Envelope.bare(), token: "abc").status == 401)
        // A caller with roles is none without roles.
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 403)
        #expect(worker.requests.count == 1)
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["subject"] == nil)
        await node.stop()
    }

    @Test("max_timeout_ms bounds the call and is told to the worker; a caller may only shorten it")
    func maxTimeout() async throws {
        let worker = try ScriptedWorker(.silence)
        defer { worker.stop() }
        let policy = "default: deny\nrules:\n  - { id: quick, action: ALLOW, roles: [user], max_timeout_ms: 150 }"
        let node = try await TestNode.inFront(of: worker, policy: policy)
        let client = try SocketClient(port: node.port)
        let token = try TestNode.token()
        for asked in ["60000", "50"] {
            let start = ContinuousClock.now
            let reply = try client.post(
                Envelope.bare(), token: token, headers: ["X-Intentus-Timeout-Ms: \(asked)"])
            #expect(reply.status == 504, "\(reply)")
            #expect(ContinuousClock.now - start < .seconds(5))
        }
        let told = worker.requests.compactMap { request in
            request.head.lowercased().components(separatedBy: "\r\n")
                .first { $0.hasPrefix("x-intentus-timeout-ms: ") }.flatMap { Int($0.dropFirst(23)) }
        }
        #expect(told.count == 2)
        #expect(told.first.map { (1...150).contains($0) } == true, "\(told)")
        #expect(told.last.map { (1...50).contains($0) } == true, "\(told)")
        await node.stop()
    }
}
