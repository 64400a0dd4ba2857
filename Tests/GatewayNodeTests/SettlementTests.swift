import Foundation
import RedisFixtures
import Testing

/// Costs above one, and what becomes of them when workers say what a request really cost.
@Suite("Costs and settlements", .serialized)
struct SettlementTests {
    /// A hundred, ten for a request, refilled so slowly that no test sees a token come back.
    static func policy(_ keys: String = "rate_limit_cost: 10, rate_limit_settle: true", burst: Int = 100) -> String {
        """
        default: deny
        rules:
          - { id: tokens, action: ALLOW, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: \(burst), rate_limit_key_template: "{tenant}", \(keys) }
        """
    }

    /// A worker's answer whose `metadata.usage` is this text.
    static func answer(usage: String?, error: Bool = false) -> String {
        let status = error ? "error" : "success"
        let problem = error ? #"{"code":"INTERNAL_AGENT_ERROR","message":"no","retryable":false,"details":{}}"# : "null"
        return """
            {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"\(status)",\
            "payload":{"ok":true},"metadata":{"agent":"scripted"\(usage.map { ",\"usage\":\($0)" } ?? "")},"error":\(problem)}}
            """
    }

    /// The tokens that `RateLimit` tells.
    func left(_ reply: SocketClient.Reply) -> Int? {
        reply.headers["ratelimit"]?.split(separator: ";").first { $0.hasPrefix("r=") }.flatMap { Int($0.dropFirst(2)) }
    }

    /// What is left for a tenant, told by a request that costs ten and reports nothing.
    func level(_ tenant: String, _ node: TestNode, _ worker: ScriptedWorker) async throws -> Int? {
        worker.set(.frame(Self.answer(usage: nil)))
        return left(try await node.answer(token: try TestNode.token(tenant: tenant))).map { $0 + 10 }
    }

    @Test("a request costs what its rule says, and one that the bucket does not cover is refused")
    func cost() async throws {
        let worker = try ScriptedWorker(.frame(Self.answer(usage: #"{"cost":1}"#)))
        defer { worker.stop() }
        // Without rate_limit_settle nobody believes a worker.
        let node = try await TestNode.inFront(of: worker, policy: Self.policy("rate_limit_cost: 30"))
        for expected in [70, 40, 10] {
            let reply = try await node.answer(token: try TestNode.token())
            #expect(reply.status == 200 && left(reply) == expected, "\(reply)")
        }
        let refused = try await node.answer(token: try TestNode.token())
        #expect(refused.status == 429 && left(refused) == 10, "\(refused)")
        // Twenty tokens are missing, one comes a minute.
        #expect(refused.headers["retry-after"].flatMap { Int($0) }.map { (1_195...1_200).contains($0) } == true)
        await node.stop()
    }

    @Test(
        "what the worker reports is paid in the end: more, less, nothing, and no report at all",
        arguments: [
            (#"{"cost":25}"#, 75), (#"{"cost":10}"#, 90), (#"{"cost":3}"#, 97), (#"{"cost":0}"#, 100), (nil, 90),
            (#"{"cost":-5}"#, 90), (#"{"cost":2.5}"#, 90), (#"{"cost":2e1}"#, 90), (#"{"cost":"25"}"#, 90),
            (#"{"cost":null}"#, 90), (#"{"cost":{"cost":25}}"#, 90), ("{}", 90), ("25", 90), ("null", 90),
        ] as [(String?, Int)])
    func report(_ usage: String?, _ expected: Int) async throws {
        let worker = try ScriptedWorker(.frame(Self.answer(usage: usage)))
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, policy: Self.policy())
        let reply = try await node.answer(token: try TestNode.token())
        #expect(reply.status == 200 && left(reply) == 90, "\(reply)")
        // The report goes on to the caller as it came.
        let metadata = reply.response["metadata"] as? [String: Any]
        #expect((metadata?["usage"] == nil) == (usage == nil), "\(reply)")
        #expect(try await level("acme", node, worker) == expected)
        await node.stop()
    }

    @Test(
        "a report beyond what the bucket holds is owed, by one burst at most, however large it is",
        arguments: ["1000", "1000001", "9223372036854775807", "99999999999999999999999999"])
    func debt(_ cost: String) async throws {
        let worker = try ScriptedWorker(.frame(Self.answer(usage: #"{"cost":\#(cost)}"#)))
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, policy: Self.policy())
        #expect(try await node.answer(token: try TestNode.token()).status == 200)
        let refused = try await node.answer(token: try TestNode.token())
        #expect(refused.status == 429 && left(refused) == 0, "\(refused)")
        // A hundred to be paid, ten for the next one, one a minute.
        #expect(
            refused.headers["retry-after"].flatMap { Int($0) }.map { (6_590...6_600).contains($0) } == true,
            "\(refused)")
        #expect(worker.requests.count == 1)
        #expect(try await node.answer(token: try TestNode.token(tenant: "other")).status == 200)
        #expect(try await node.metric("intentusnet_limit_settled_total") == 2)
        #expect(try await node.metric("intentusnet_limit_charged_tokens_total").map { $0 > 1_000 } == true)
        await node.stop()
    }

    @Test(
        "an agent that fails and the one behind it are paid together; a limit of one agent is settled by its own report"
    )
    func fallback() async throws {
        let (first, second) = (
            try ScriptedWorker(.frame(Self.answer(usage: #"{"cost":25}"#, error: true))),
            try ScriptedWorker(.frame(Self.answer(usage: #"{"cost":7}"#)))
        )
        defer {
            first.stop()
            second.stop()
        }
        let policy =
            Self.policy()
            + #"\#n  - { id: own, action: ALLOW, agents: [second], roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 100, rate_limit_key_template: "{tenant}", rate_limit_cost: 10, rate_limit_settle: true }"#
        let node = try await TestNode(
            agents:
                "[\(TestNode.agent("first", first, priority: 1)), \(TestNode.agent("second", second, priority: 2))]",
            policy: policy)
        #expect(try await node.answer(Envelope.bare(strategy: "fallback"), token: try TestNode.token()).status == 200)
        let probe = try await node.answer(Envelope.bare(target: "second"), token: try TestNode.token())
        #expect(probe.headers["ratelimit"]?.contains(#""tokens";r=58;"#) == true, "\(probe)")
        #expect(probe.headers["ratelimit"]?.contains(#""own";r=83;"#) == true, "\(probe)")
        await node.stop()
    }

    @Test("agents that are asked at once are paid together")
    func broadcast() async throws {
        let workers = try [
            ScriptedWorker(.frame(Self.answer(usage: #"{"cost":20}"#, error: true))),
            ScriptedWorker(.frame(Self.answer(usage: #"{"cost":5}"#, error: true))),
        ]
        defer { for worker in workers { worker.stop() } }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("a", workers[0])), \(TestNode.agent("b", workers[1]))]", policy: Self.policy())
        _ = try await node.answer(Envelope.bare(strategy: "broadcast"), token: try TestNode.token())
        let probe = try await node.answer(Envelope.bare(strategy: "broadcast"), token: try TestNode.token())
        #expect(left(probe) == 65, "\(probe)")
        await node.stop()
    }

    @Test("a shadow that would have refused took nothing, and gets nothing back")
    func shadow() async throws {
        let worker = try ScriptedWorker(.frame(Self.answer(usage: #"{"cost":0}"#)))
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: trial, action: ALLOW, mode: shadow, roles: [user], rate_limit_per_minute: 1, rate_limit_burst: 10, rate_limit_key_template: "{tenant}", rate_limit_cost: 11, rate_limit_settle: true }
              - { id: users, action: ALLOW, roles: [user] }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy)
        for _ in 0..<3 { #expect(try await node.answer(token: try TestNode.token()).status == 200) }
        #expect(try await node.metric("intentusnet_limit_shadow_refused_total") == 3)
        #expect(try await node.metric("intentusnet_limit_settled_total") == 0)
        await node.stop()
    }

    @Test(
        "with Redis a report at one node is paid by all of them",
        .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    func shared() async throws {
        let (worker, redis) = (
            try ScriptedWorker(.frame(Self.answer(usage: #"{"cost":85}"#))), try RedisServer.started()
        )
        defer { worker.stop() }
        let nodes = try await SharedStateTests().nodes(2, worker, redis, policy: Self.policy())
        #expect(left(try await nodes[0].answer(token: try TestNode.token())) == 90)
        try await eventually { try await nodes[0].metric("intentusnet_limit_settled_total") == 1 }
        // 15 are left: one more, which costs nothing in the end, and so another one.
        worker.set(.frame(Self.answer(usage: #"{"cost":0}"#)))
        var lefts: [Int?] = []
        try await eventually {
            lefts.append(left(try await nodes[1].answer(token: try TestNode.token())))
            return lefts.suffix(2) == [5, 5]
        }
        // Then one that costs far more: both nodes refuse.
        worker.set(.frame(Self.answer(usage: #"{"cost":500}"#)))
        try await eventually { try await nodes[1].answer(token: try TestNode.token()).status == 429 }
        #expect(try await nodes[0].answer(token: try TestNode.token()).status == 429)
        for node in nodes { await node.stop() }
    }
}
