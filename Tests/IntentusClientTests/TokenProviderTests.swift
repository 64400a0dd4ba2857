import IntentProtocol
import Synchronization
import Testing

@testable import IntentusClient

@Suite("The token of a client")
struct TokenProviderTests {
    private struct Trouble: Error {
        var secret = "s3cret"
    }

    @Test("is never printed")
    func redacted() {
        let provider = TokenProvider.fixed("s3cret")
        var dumped = ""
        dump(provider, to: &dumped)
        let nested = String(reflecting: [provider])
        for text in [
            "\(provider)", String(reflecting: provider), dumped, nested, "\(Mirror(reflecting: provider).children)",
        ] {
            #expect(!text.contains("s3cret"))
        }
    }

    @Test("is asked for before each attempt")
    func fresh() async throws {
        let gateway = try ScriptedGateway(
            .answer(503, Answers.error("AGENT_UNAVAILABLE", retryable: true)), .answer(200, Answers.success))
        defer { gateway.stop() }
        let count = Mutex(0)
        let provider = TokenProvider { "token-\(count.withLock { $0 += 1; return $0 })" }
        try await ClientFixture.with(gateway.url, token: provider) { client, _ in _ = try await client.ask().get() }
        #expect(gateway.requests.map { $0.header("authorization") } == ["Bearer token-1", "Bearer token-2"])
    }

    @Test("that does not come in time is AGENT_TIMEOUT, and nothing is sent", .timeLimit(.minutes(1)))
    func hanging() async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let provider = TokenProvider {
            for await _ in AsyncStream<Void>.makeStream().stream {}
            return "late"
        }
        let error = try await ClientFixture.with(gateway.url, token: provider, attemptsMax: 1) { client, _ in
            try await client.ask(timeoutMilliseconds: 50).failure
        }
        #expect(error?.code == .agentTimeout)
        #expect(gateway.requests.isEmpty)
    }

    @Test("that cannot be had is UNAUTHORIZED, and nothing is sent")
    func failing() async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let provider = TokenProvider { throw Trouble() }
        let error = try await ClientFixture.with(gateway.url, token: provider) { client, _ in
            try await client.ask().failure
        }
        #expect(error == IntentError(.unauthorized, "the token provider failed with Trouble"))
        #expect(gateway.requests.isEmpty)
    }

    @Test(
        "that would break the header is refused without being shown",
        arguments: ["", "s3cret\n", "a b", "a\r\nx: y", "ü"])
    func malformed(token: String) async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let error = try await ClientFixture.with(gateway.url, token: .fixed(token)) { client, _ in
            try await client.ask().failure
        }
        #expect(error == IntentError(.unauthorized, "the token is empty or holds spaces or line ends"))
        #expect(gateway.requests.isEmpty)
    }
}
