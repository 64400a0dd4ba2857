import Foundation
import IntentProtocol
import Synchronization
import Testing

@testable import Encryption
@testable import GatewayNode

/// A libcrypto that fails while the gateway runs, at the socket: what the caller is told, and what is written down.
@Suite("Sealed requests when libcrypto fails")
struct CipherUnavailableTests {
    private final class Library: Sendable {
        let isFailing = Atomic(false)
    }

    @Test("are refused with 503 to be sent again, and nobody is said to have forged one")
    func refused() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", extra: "emcl: { keyRingFile: ring.json }",
            files: ["ring.json": try SealingPeer.document()])
        let client = try SocketClient(port: node.port)
        let peer = try SealingPeer()
        let library = Library()
        let bytes = try #require(KeyBytes([UInt8](repeating: 3, count: 32)))
        let key = RingKey(id: "first", bytes: bytes, profile: .v2) { key in
            library.isFailing.load(ordering: .relaxed) ? nil : CipherContext(key)
        }
        try #require(node.node.parts.seals).holder.replace(with: try KeyRing([key]))
        #expect(try client.post(try peer.seal().frame, token: try TestNode.token()).status == 400)
        library.isFailing.store(true, ordering: .relaxed)
        let reply = try client.post(try peer.seal().frame, token: try TestNode.token())
        #expect(reply.status == 503, "\(reply)")
        #expect(reply.code == "AGENT_UNAVAILABLE")
        #expect(reply.error["message"] as? String == "sealed messages cannot be taken now")
        #expect(reply.error["retryable"] as? Bool == true)
        let records = try node.auditLines().suffix(2)
        #expect(records.compactMap { $0["reason"] as? String } == ["emcl_wrong_tag", "emcl_cipher_unavailable"])
        #expect(records.last?["event"] as? String == "emcl_failure")
        #expect(try await node.metric(#"intentusnet_emcl_failures_total{reason="cipher_unavailable"}"#) == 1)
        #expect(worker.requests.isEmpty)
        await node.stop()
    }
}
