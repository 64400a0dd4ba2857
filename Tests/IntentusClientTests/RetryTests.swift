import Glibc
import IntentProtocol
import Testing

@testable import IntentusClient

@Suite("What a client repeats")
struct RetryTests {
    @Test("a refused connection is tried as often as allowed, with growing waits", arguments: [1, 2, 4])
    func refusedConnection(attemptsMax: Int) async throws {
        // Bound and not listening: nobody else gets the port, and connecting is refused.
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let port = bindLoopback(descriptor)
        defer { close(descriptor) }
        try await ClientFixture.with("http://127.0.0.1:\(port)", attemptsMax: attemptsMax) { client, clock in
            let error = try await client.ask().failure
            #expect(error == IntentError(.transportError, "the gateway cannot be reached"))
            #expect(clock.waits == [50, 100, 200].prefix(attemptsMax - 1).map { .milliseconds($0) })
        }
    }

    @Test("429 waits as long as the gateway says and then succeeds")
    func rateLimit() async throws {
        let gateway = try ScriptedGateway(
            .answer(429, Answers.error("RATE_LIMIT", retryable: true, details: #"{"retryAfterMs":700}"#)),
            .answer(429, Answers.error("RATE_LIMIT", retryable: true), headers: ["retry-after: 3"]),
            .answer(200, Answers.success))
        defer { gateway.stop() }
        try await ClientFixture.with(gateway.url) { client, clock in
            let reply = try await client.ask().get()
            #expect(reply.count == 3)
            #expect(clock.waits == [.milliseconds(700), .seconds(3)])
        }
        #expect(gateway.requests.count == 3)
        let ids = try gateway.requests.map { try IncomingIntent(parsing: $0.body).envelope.requestId }
        #expect(Set(ids).count == 1, "a repetition keeps the request's name")
        let times = gateway.requests.compactMap { $0.header("x-intentus-timeout-ms") }
        #expect(times == ["30000", "29300", "26300"])
    }

    @Test(
        "a wait beyond the deadline is not begun: the refusal is the answer",
        arguments: [
            (#"{"retryAfterMs":60000}"#, "retry-after: 1"), ("{}", "retry-after: 31"),
            ("{}", "retry-after: 9223372036854775807"), (#"{"retryAfterMs":9223372036854775807}"#, "x: y"),
        ])
    func waitBeyondDeadline(details: String, header: String) async throws {
        let gateway = try ScriptedGateway(
            .answer(429, Answers.error("RATE_LIMIT", retryable: true, details: details), headers: [header]))
        defer { gateway.stop() }
        try await ClientFixture.with(gateway.url) { client, clock in
            let error = try await client.ask().failure
            #expect(error?.code == .rateLimit)
            #expect(clock.waits.isEmpty)
        }
        #expect(gateway.requests.count == 1)
    }

    @Test("repeats by status, error and whether it does no harm", arguments: Row.all)
    func byStatus(row: Row) async throws {
        let gateway = try ScriptedGateway(.answer(row.status, Answers.error(row.code, retryable: row.isRetryable)))
        defer { gateway.stop() }
        let options = row.isIdempotent ? ClientFixture.idempotent : IntentOptions()
        let error = try await ClientFixture.with(gateway.url) { client, _ in
            try await client.ask(options: options).failure
        }
        #expect(error?.code.rawValue == row.code)
        #expect(gateway.requests.count == row.requests)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var status: Int
        var code: String
        var isRetryable: Bool
        var isIdempotent: Bool
        var requests: Int

        var testDescription: String { "\(status) \(code) \(isRetryable) \(isIdempotent) → \(requests)" }

        init(_ status: Int, _ code: String, _ isRetryable: Bool, _ isIdempotent: Bool, _ requests: Int) {
            self.status = status
            self.code = code
            self.isRetryable = isRetryable
            self.isIdempotent = isIdempotent
            self.requests = requests
        }

        static let all = [
            Row(429, "RATE_LIMIT", true, false, 3), Row(429, "RATE_LIMIT", false, true, 1),
            Row(503, "AGENT_UNAVAILABLE", true, false, 3), Row(503, "UNAUTHORIZED", true, true, 1),
            Row(502, "TRANSPORT_ERROR", true, false, 1), Row(502, "TRANSPORT_ERROR", true, true, 3),
            Row(502, "AGENT_ERROR", false, true, 1),
            Row(504, "AGENT_TIMEOUT", true, false, 1), Row(504, "AGENT_TIMEOUT", true, true, 3),
            Row(400, "VALIDATION_ERROR", false, true, 1), Row(401, "UNAUTHORIZED", false, true, 1),
            Row(403, "UNAUTHORIZED", false, true, 1), Row(404, "CAPABILITY_NOT_FOUND", false, true, 1),
            Row(413, "PAYLOAD_TOO_LARGE", false, true, 1),
        ]
    }

    @Test(
        "a refusal that is not the gateway's own is repeated only when that does no harm: a worker may have begun",
        arguments: [(429, "RATE_LIMIT"), (503, "AGENT_UNAVAILABLE")], ["summarizer", "fallback", "broadcast"])
    func workersRefusal(answer: (status: Int, code: String), agent: String) async throws {
        let details = #"{"retryAfterMs":700}"#
        for isIdempotent in [false, true] {
            let gateway = try ScriptedGateway(
                .answer(answer.status, Answers.error(answer.code, retryable: true, details: details, agent: agent)))
            defer { gateway.stop() }
            let options = isIdempotent ? ClientFixture.idempotent : IntentOptions()
            try await ClientFixture.with(gateway.url) { client, clock in
                let error = try await client.ask(options: options).failure
                #expect(error?.code.rawValue == answer.code)
                #expect(clock.waits == (isIdempotent ? [.milliseconds(700), .milliseconds(700)] : []))
            }
            #expect(gateway.requests.count == (isIdempotent ? 3 : 1))
        }
    }

    @Test(
        "a connection lost behind the request is repeated only when that does no harm",
        arguments: [ScriptedGateway.Behaviour.close, .reset], [false, true])
    func lostConnection(behaviour: ScriptedGateway.Behaviour, isIdempotent: Bool) async throws {
        let gateway = try ScriptedGateway(behaviour)
        defer { gateway.stop() }
        let options = isIdempotent ? ClientFixture.idempotent : IntentOptions()
        let error = try await ClientFixture.with(gateway.url) { client, _ in
            try await client.ask(options: options).failure
        }
        #expect(error?.code == .transportError)
        #expect(error?.retryable == true)
        #expect(gateway.requests.count == (isIdempotent ? 3 : 1))
    }

    @Test(
        "no answer in time, not even a whole one, is AGENT_TIMEOUT",
        arguments: [ScriptedGateway.Behaviour.silence, .headOnly])
    func timeout(behaviour: ScriptedGateway.Behaviour) async throws {
        let gateway = try ScriptedGateway(behaviour)
        defer { gateway.stop() }
        let client = IntentusClient(gateway: gateway.url, token: nil)
        let error = try await client.ask(timeoutMilliseconds: 500, options: ClientFixture.idempotent).failure
        #expect(error == IntentError(.agentTimeout, "no answer came in time"))
        #expect(gateway.requests.count == 1)
        try await client.shutdown()
    }

    @Test("time that is already over sends nothing", arguments: [0, -1, Int64.min])
    func noTime(milliseconds: Int64) async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let error = try await ClientFixture.with(gateway.url) { client, _ in
            try await client.ask(timeoutMilliseconds: milliseconds).failure
        }
        #expect(error?.code == .agentTimeout)
        #expect(gateway.requests.isEmpty)
    }

    @Test("a cancelled call ends as cancelled", arguments: [ScriptedGateway.Behaviour.silence, .headOnly])
    func cancelled(behaviour: ScriptedGateway.Behaviour) async throws {
        let gateway = try ScriptedGateway(behaviour)
        defer { gateway.stop() }
        try await ClientFixture.with(gateway.url) { client, _ in
            let call = Task { try await client.ask() }
            let deadline = ContinuousClock.now + .seconds(10)
            while gateway.requests.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
        #expect(gateway.requests.count == 1)
    }

    @Test("an address that is none and a client that was shut down fail at once")
    func hopeless() async throws {
        try await ClientFixture.with("nonsense") { client, clock in
            let error = try await client.ask().failure
            #expect(error?.code == .transportError)
            #expect(clock.waits.isEmpty)
        }
        let client = IntentusClient(gateway: "http://127.0.0.1:1", token: nil)
        try await client.shutdown()
        let error = try await client.ask().failure
        #expect(error == IntentError(.transportError, "the client was shut down", retryable: false))
    }

    @Test("waits double up to their longest, and no number overflows")
    func backOff() {
        var policy = RetryPolicy()
        #expect(
            (1...8).map { policy.backOffMilliseconds(attempt: $0, jitter: 1) } == [
                50, 100, 200, 400, 800, 1600, 2000, 2000,
            ])
        #expect(policy.backOffMilliseconds(attempt: 3, jitter: 0.5) == 100)
        #expect(policy.backOffMilliseconds(attempt: 3, jitter: 0) == 0)
        policy.backOffFirstMilliseconds = .max
        policy.backOffMaxMilliseconds = .max
        #expect(policy.backOffMilliseconds(attempt: .max, jitter: 1) == 3_600_000)
        policy.backOffFirstMilliseconds = .min
        #expect(policy.backOffMilliseconds(attempt: 1, jitter: 1) == 0)
    }
}
