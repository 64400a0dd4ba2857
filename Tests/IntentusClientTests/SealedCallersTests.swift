import Encryption
import Foundation
import IntentProtocol
import IntentusClient
import RedisFixtures
import Synchronization
import Testing

/// A client that carries the tokens of several callers, and whose tokens and keys change while it is used.
@Suite("A client that seals for several callers", .serialized)
struct SealedCallersTests {
    private static let refusal =
        #"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"error","payload":null,"metadata":{},"error":{"code":"UNAUTHORIZED","message":"no","retryable":false,"details":{}}}}"#

    /// Runs a client whose ring is in a file of its own.
    private func withClient(
        _ gateway: ScriptedGateway, token: TokenProvider,
        _ body: (_ client: IntentusClient, _ ringFile: String) async throws -> Void
    ) async throws {
        let path = try SealingFixture.ringFile()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var configuration = IntentusClient.Configuration()
        configuration.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
        let client = IntentusClient(gateway: gateway.url, token: token, configuration: configuration)
        do { try await body(client, path) } catch {
            try await client.shutdown()
            throw error
        }
        try await client.shutdown()
    }

    private func send(_ client: IntentusClient) async throws {
        _ = try await client.send(client.draft("EchoIntent", "1.0", JSONText(["a": 1]), IntentOptions()))
    }

    @Test("a token that changes is seen by the next request, and the former one again")
    func changed() async throws {
        let gateway = try ScriptedGateway(.answer(401, Self.refusal))
        defer { gateway.stop() }
        let names = [("alice", "acme"), ("bob", "acme"), ("alice", "other"), ("alice", "acme")]
        let tokens = names.map { SealingFixture.token(subject: $0.0, tenant: $0.1) }
        let next = Mutex(0)
        let provider = TokenProvider {
            next.withLock { place in
                place += 1
                return tokens[place - 1]
            }
        }
        try await withClient(gateway, token: provider) { client, _ in
            for _ in names { try await send(client) }
        }
        #expect(gateway.requests.map { $0.header("authorization") } == tokens.map { "Bearer \($0)" })
        for (request, (subject, tenant)) in zip(gateway.requests, names) {
            _ = try SealingFixture.opened(request, caller: "user:\(subject)", tenant: tenant)
        }
    }

    @Test("each of many requests at once is bound to the bearer of its own token, by its own id and nonce")
    func together() async throws {
        let gateway = try ScriptedGateway(.answer(401, Self.refusal))
        defer { gateway.stop() }
        let tokens = (0..<8).map { SealingFixture.token(subject: "user\($0)", tenant: "tenant\($0)") }
        let next = Mutex(0)
        let provider = TokenProvider {
            next.withLock { place in
                place += 1
                return tokens[place % tokens.count]
            }
        }
        try await withClient(gateway, token: provider) { client, _ in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<80 { group.addTask { try await send(client) } }
                try await group.waitForAll()
            }
        }
        #expect(gateway.requests.count == 80)
        var (ids, nonces) = (Set<[UInt8]>(), Set<EMCLNonce>())
        for request in gateway.requests {
            let bearer = try #require(request.header("authorization"))
            let place = try #require(tokens.firstIndex { bearer == "Bearer \($0)" })
            let message = try SealingFixture.opened(request, caller: "user:user\(place)", tenant: "tenant\(place)")
            let context = try #require(message.context)
            #expect(context.names(try IncomingIntent(parsing: message.plaintext).envelope))
            ids.insert(Array(context.requestId))
            nonces.insert(message.nonce)
        }
        #expect(ids.count == 80 && nonces.count == 80)
    }

    @Test("a ring that changes is used by the calls that begin after it was seen")
    func ring() async throws {
        let gateway = try ScriptedGateway(.answer(401, Self.refusal))
        defer { gateway.stop() }
        let token = SealingFixture.token(subject: "alice", tenant: "acme")
        try await withClient(gateway, token: .fixed(token)) { client, path in
            try await send(client)
            _ = try SealingFixture.opened(try #require(gateway.requests.last), caller: "user:alice", tenant: "acme")
            try SealingFixture.ringDocument("b", byte: "6b").write(toFile: path, atomically: true, encoding: .utf8)
            let end = ContinuousClock.now + .milliseconds(Deadline.startMilliseconds)
            var isSeen = false
            while !isSeen, ContinuousClock.now < end {
                try await send(client)
                let request = try #require(gateway.requests.last)
                let opened = try? SealingFixture.opened(
                    request, caller: "user:alice", tenant: "acme", key: "b", byte: "6b")
                isSeen = opened?.keyId == "b"
            }
            #expect(isSeen)
        }
    }
}
