import Encryption
import Foundation
import IntentProtocol
import Testing

/// Calls that the gateway seals for workers, and replies that it opens.
@Suite("Sealed calls of workers")
struct SealedCallTests {
    private static func node(
        _ worker: ScriptedWorker, _ settings: String, keys: [RingKey] = [SealingPeer.first]
    ) async throws -> TestNode {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]",
            extra: "emcl: { keyRingFile: ring.json, \(settings) }", files: ["ring.json": try SealingPeer.document(keys)]
        )
    }

    @Test(
        "an agent that must be called sealed gets nothing in clear, and answers sealed",
        arguments: ["required", "accepted"])
    func sealed(demand: String) async throws {
        let peer = try SealingPeer()
        let worker = try ScriptedWorker(.made { body in (try? peer.reply(to: body, of: "scripted")) ?? [] })
        defer { worker.stop() }
        let node = try await Self.node(worker, "rules: [{ agents: [scripted], workers: \(demand) }]")
        let client = try SocketClient(port: node.port)
        let reply = try client.post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        #expect((reply.response["payload"] as? [String: Any])?["sealed"] as? Bool == true)
        let call = try #require(worker.requests.last)
        #expect(call.json["messageType"] as? String == "emcl")
        #expect(!String(decoding: call.body, as: UTF8.self).contains("hello"))
        // Sealed on both sides.
        let (frame, context) = try peer.seal()
        let answer = try client.post(frame, token: try TestNode.token())
        #expect(try peer.open(answer.body, as: context)["status"] as? String == "success")
        await node.stop()
    }

    @Test("a plain reply is taken where sealing may be, and refused where it must be")
    func plainReply() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let lenient = try await Self.node(worker, "workers: accepted")
        #expect(try SocketClient(port: lenient.port).post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await lenient.stop()
        let strict = try await Self.node(worker, "workers: required")
        let reply = try SocketClient(port: strict.port).post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 502 && reply.code == "TRANSPORT_ERROR", "\(reply)")
        #expect(reply.isRetryable == false)
        let failure = try strict.auditLines().first { $0["event"] as? String == "emcl_failure" }
        #expect(failure?["agent"] as? String == "scripted")
        await strict.stop()
    }

    @Test("a reply for another call, or by another key, is refused")
    func swapped() async throws {
        let (peer, stranger) = (try SealingPeer(), try SealingPeer([SealingPeer.key("first", 77)]))
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, "workers: required")
        let client = try SocketClient(port: node.port)
        let other = EMCLContext(
            .call, caller: "user:alice", tenant: "acme", audience: "scripted", intent: "SummarizeIntent",
            intentVersion: "1.0", requestId: "req-other")
        let nonce = try #require(EMCLNonce([UInt8](repeating: 5, count: EMCLNonce.byteCount)))
        worker.set(
            .made { body in
                (try? peer.reply(to: body, of: "scripted", change: { _ in other.answer(to: nonce) ?? other })) ?? []
            })
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).code == "TRANSPORT_ERROR")
        #expect(try node.auditLines().contains { $0["reason"] as? String == "emcl_other_request" })
        let good = Array(ScriptedWorker.success.utf8)
        worker.set(.made { body in (try? stranger.reply(to: body, of: "scripted")) ?? good })
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).code == "TRANSPORT_ERROR")
        await node.stop()
    }

    @Test("an agent of the Python package's profile is called so")
    func python() async throws {
        let key = SealingPeer.key("python", 3, profile: .v1)
        let peer = try SealingPeer([key])
        let worker = try ScriptedWorker(
            .made { body in (try? peer.reply(to: body, of: "scripted", profile: .v1)) ?? [] })
        defer { worker.stop() }
        let node = try await Self.node(
            worker, "workers: required, workerProfile: v1", keys: [SealingPeer.first, key])
        let reply = try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        await node.stop()
    }

    @Test("without an active key nothing is sent, and it is the gateway's fault, not the caller's")
    func keyless() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let ended = SealingPeer.key("ended", 9, opensUntil: 2_000)
        let node = try await Self.node(worker, "workers: required", keys: [ended])
        let reply = try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 503 && reply.code == "AGENT_UNAVAILABLE", "\(reply)")
        #expect(worker.requests.isEmpty)
        await node.stop()
    }

    @Test("a ring or a rule that cannot be used keeps the node from starting, and says where")
    func misconfigured() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        for (settings, words) in [
            ("rules: [{ agents: [a], clients: required }]", "known by their intent alone"),
            ("rules: [{ intents: [a] }]", "says nothing"), ("clientProfiles: [v3]", "v1"),
        ] {
            let refusal = await #expect(throws: (any Error).self) { _ = try await Self.node(worker, settings) }
            #expect("\(refusal.map { "\($0)" } ?? "")".contains(words), "\(settings): \(String(describing: refusal))")
        }
        let secret = "c2VjcmV0c2VjcmV0"
        let refusal = await #expect(throws: (any Error).self) {
            _ = try await TestNode(
                extra: "emcl: { keyRingFile: ring.json }",
                files: ["ring.json": #"{"keys":[{"id":"a","key":"\#(secret)"}]}"#])
        }
        #expect("\(refusal.map { "\($0)" } ?? "")".contains("keys[0].key"))
        #expect(!"\(refusal.map { "\($0)" } ?? "")".contains(secret))
    }
}
