import Encryption
import Foundation
import IntentProtocol
import IntentusClient
import Testing

/// What a client seals, and what it takes for an answer.
@Suite("A client that seals", .serialized)
struct SealingTests {
    private static let success =
        #"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success","payload":{"ok":true},"metadata":{},"error":null}}"#
    private static let refusal =
        #"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"error","payload":null,"metadata":{},"error":{"code":"UNAUTHORIZED","message":"no","retryable":false,"details":{}}}}"#

    private static func send(
        to gateway: ScriptedGateway, token: String, _ change: (inout EnvelopeSealing) -> Void = { _ in }
    ) async throws -> AgentResponse {
        let path = try SealingFixture.ringFile()
        defer { try? FileManager.default.removeItem(atPath: path) }
        var sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
        change(&sealing)
        var configuration = IntentusClient.Configuration()
        configuration.sealing = sealing
        let client = IntentusClient(gateway: gateway.url, token: .fixed(token), configuration: configuration)
        let draft = client.draft("EchoIntent", "1.0", JSONText(["secret": "word"]), IntentOptions())
        let result: Result<AgentResponse, any Error>
        do { result = .success(try await client.send(draft)) } catch { result = .failure(error) }
        try await client.shutdown()
        return try result.get()
    }

    @Test("sends nothing in clear, bound to whom the token names, and takes no result in clear")
    func result() async throws {
        let gateway = try ScriptedGateway(.answer(200, Self.success))
        defer { gateway.stop() }
        let error = await #expect(throws: IntentError.self) {
            _ = try await Self.send(
                to: gateway, token: SealingFixture.token(#"{"sub":"alice","org":{"tenant":"acme"}}"#)
            ) { $0.tenantClaim = "org.tenant" }
        }
        #expect(error?.code == .emclFailure)
        #expect(error?.message.contains("in clear") == true)
        let request = try #require(gateway.requests.first)
        #expect(!String(decoding: request.body, as: UTF8.self).contains("word"))
        let message = try SealingFixture.opened(request, caller: "user:alice", tenant: "acme")
        #expect(String(decoding: message.plaintext, as: UTF8.self).contains(#""secret":"word""#))
        #expect(gateway.requests.count == 1, "what cannot be believed is not asked for again")
    }

    @Test("takes a refusal in clear: the gateway tells who could not be authenticated before it opens anything")
    func refused() async throws {
        let gateway = try ScriptedGateway(.answer(401, Self.refusal))
        defer { gateway.stop() }
        let response = try await Self.send(to: gateway, token: "opaque") {
            $0.caller = "service:cluster.local/ns/a/sa/b"
        }
        #expect(response.error?.code == .unauthorized)
        let request = try #require(gateway.requests.first)
        #expect(try SealingFixture.opened(request, caller: "service:cluster.local/ns/a/sa/b", tenant: "").keyId == "a")
    }

    @Test("takes no sealed answer that is not to its own request")
    func foreign() async throws {
        let foreign =
            #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":{"cipherText":"","iv":"","tag":"","identityChain":[]}}"#
        let gateway = try ScriptedGateway(.answer(200, foreign))
        defer { gateway.stop() }
        let error = await #expect(throws: IntentError.self) {
            _ = try await Self.send(to: gateway, token: SealingFixture.token(#"{"sub":"alice"}"#))
        }
        #expect(error?.code == .emclFailure)
        #expect(error?.message == "the gateway's answer cannot be opened")
    }

    @Test("a ring that cannot be used says where, and nothing of what stands there")
    func brokenRing() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(throws: SealingFault.self) { _ = try EnvelopeKeys(file: path) }
        try #"{"keys": [{"id": "a", "key": "hunter2"}]}"#.write(toFile: path, atomically: true, encoding: .utf8)
        let fault = #expect(throws: SealingFault.self) { _ = try EnvelopeKeys(file: path) }
        #expect(fault?.description.contains("keys[0].key") == true)
        #expect(fault?.description.contains("hunter2") == false)
    }
}
