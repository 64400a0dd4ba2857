import Encryption
import Foundation
import IntentProtocol
import Testing

/// Envelopes that clients seal, at the socket: who may, who must, and that nobody learns why one was not opened.
@Suite("Sealed requests")
struct SealedRequestTests {
    private static func node(
        _ worker: ScriptedWorker, _ settings: String = "", keys: [RingKey] = [SealingPeer.first],
        policy: String = TestNode.allowUsers
    ) async throws -> TestNode {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", policy: policy,
            extra: "emcl: { keyRingFile: ring.json\(settings.isEmpty ? "" : ", " + settings) }",
            files: ["ring.json": try SealingPeer.document(keys)])
    }

    @Test("one is opened for its caller, its worker gets it plainly, and its answer is sealed for who asked")
    func opened() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        let client = try SocketClient(port: node.port)
        let peer = try SealingPeer()
        let (frame, context) = try peer.seal()
        let reply = try client.post(frame, token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        #expect(reply.json["messageType"] as? String == "emcl")
        #expect(!"\(reply)".contains("scripted"))
        let answer = try peer.open(reply.body, as: context)
        #expect(answer["status"] as? String == "success")
        #expect(worker.requests.last?.json["messageType"] as? String == "intent")
        #expect((worker.requests.last?.envelope["payload"] as? [String: Any])?["text"] as? String == "hello")
        // The answer to one request opens for no other.
        let (_, other) = try peer.seal(requestId: "req-2")
        #expect(throws: EMCLFailure(.otherRequest)) { try peer.open(reply.body, as: other) }
        // A plain request goes on as before.
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).code == nil)
        await node.stop()
    }

    @Test("a refusal behind the seal is sealed too, with its status outside")
    func refusedInside() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, policy: "default: deny\nrules: []")
        let client = try SocketClient(port: node.port)
        let peer = try SealingPeer()
        let (frame, context) = try peer.seal()
        let reply = try client.post(frame, token: try TestNode.token())
        #expect(reply.status == 403, "\(reply)")
        let answer = try peer.open(reply.body, as: context)
        #expect((answer["error"] as? [String: Any])?["code"] as? String == "UNAUTHORIZED")
        #expect(worker.requests.isEmpty)
        await node.stop()
    }

    @Test("whatever is wrong with one, the answer is the same, and the audit log knows why")
    func refusedAlike() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        let client = try SocketClient(port: node.port)
        let (peer, stranger) = (try SealingPeer(), try SealingPeer([SealingPeer.key("first", 99)]))
        let unknown = try SealingPeer([SealingPeer.key("second", 1)])
        let early = SealingPeer.now - 61_000
        let good = try peer.seal(requestId: "used", at: SealingPeer.now).frame
        let used = try peer.seal(Envelope.bare(requestId: "used"), requestId: "used").frame
        #expect(try client.post(used, token: try TestNode.token()).status == 200)
        let attempts: [(String, String)] = [
            ("replayed", used),
            ("wrong_tag", try stranger.seal().frame),
            ("unknown_key", try unknown.seal().frame),
            ("other_caller", try peer.seal(caller: "user:bob").frame),
            ("other_caller", try peer.seal(caller: "").frame),
            ("other_tenant", try peer.seal(tenant: "other").frame),
            ("outside_window", try peer.seal(at: early).frame),
            ("outside_window", try peer.seal(at: SealingPeer.now + 90_000).frame),
            ("inner_mismatch", try peer.seal(intent: "OtherIntent").frame),
            ("inner_mismatch", good),
            ("inner_mismatch", try peer.seal(Envelope.frame()).frame),
            ("other_direction", try peer.seal(direction: .call).frame),
            (
                "profile_not_accepted",
                try SealingPeer([SealingPeer.key("first", 1, profile: .v1)]).seal(profile: .v1).frame
            ),
            ("malformed", try peer.seal().frame.replacing("\"kid\"", with: "\"kids\"")),
            ("bad_encoding", try peer.seal().frame.replacing("\"cipherText\":\"", with: "\"cipherText\":\"!")),
        ]
        for (reason, frame) in attempts {
            let reply = try client.post(frame, token: try TestNode.token())
            #expect(reply.status == 400, "\(reason): \(reply)")
            #expect(reply.code == "EMCL_FAILURE", "\(reason)")
            #expect(reply.error["message"] as? String == "the message cannot be opened", "\(reason)")
            #expect(reply.details.isEmpty, "\(reason)")
            let record = try node.auditLines().last
            #expect(record?["event"] as? String == "emcl_failure", "\(reason)")
            #expect(record?["reason"] as? String == "emcl_\(reason)")
        }
        #expect(worker.requests.count == 1)
        #expect(try await node.metric(#"intentusnet_emcl_failures_total{reason="wrong_tag"}"#) == 1)
        await node.stop()
    }

    @Test("who may not ask at all learns nothing of seals: authentication comes first")
    func unauthenticated() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        let client = try SocketClient(port: node.port)
        #expect(try client.post(try SealingPeer().seal().frame).status == 401)
        #expect(try client.post(try SealingPeer([SealingPeer.key("x", 7)]).seal().frame).status == 401)
        await node.stop()
    }

    @Test("where intents must be sealed a plain one is refused, with the remedy")
    func required() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(
            worker, #"rules: [{ intents: ["Summarize*"], clients: required }]"#)
        let client = try SocketClient(port: node.port)
        let reply = try client.post(Envelope.bare(), token: try TestNode.token())
        #expect(reply.status == 400 && reply.code == "EMCL_FAILURE", "\(reply)")
        #expect(reply.details["reason"] as? String == "seal_required")
        #expect(try client.post(try SealingPeer().seal().frame, token: try TestNode.token()).status == 200)
        // Another intent may come plainly: it is not known here, which is another matter.
        #expect(
            try client.post(Envelope.bare(intent: "OtherIntent"), token: try TestNode.token()).code == "UNAUTHORIZED"
                || client.post(Envelope.bare(intent: "OtherIntent"), token: try TestNode.token()).code
                    == "CAPABILITY_NOT_FOUND"
        )
        await node.stop()
    }

    @Test("where clients must not seal, or nothing is configured, a sealed one is refused")
    func off() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, "clients: off")
        var client = try SocketClient(port: node.port)
        #expect(try client.post(try SealingPeer().seal().frame, token: try TestNode.token()).code == "EMCL_FAILURE")
        await node.stop()
        let plain = try await TestNode.inFront(of: worker)
        client = try SocketClient(port: plain.port)
        #expect(try client.post(try SealingPeer().seal().frame, token: try TestNode.token()).code == "EMCL_FAILURE")
        await plain.stop()
        #expect(worker.requests.isEmpty)
    }

    @Test("the Python package's profile is taken where it is configured, and answered so")
    func python() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let key = SealingPeer.key("python", 3, profile: .v1)
        let node = try await Self.node(worker, "clientProfiles: [v1, v2]", keys: [SealingPeer.first, key])
        let client = try SocketClient(port: node.port)
        let peer = try SealingPeer([key])
        let (frame, context) = try peer.seal(profile: .v1)
        let reply = try client.post(frame, token: try TestNode.token())
        #expect(reply.status == 200, "\(reply)")
        #expect(
            Set((reply.json["body"] as? [String: Any] ?? [:]).keys) == ["cipherText", "iv", "tag", "identityChain"])
        #expect(try peer.open(reply.body, as: context, profile: .v1)["status"] as? String == "success")
        #expect(try client.post(frame, token: try TestNode.token()).code == "EMCL_FAILURE", "it came before")
        await node.stop()
    }

    @Test("another ring is taken up while the node runs; a broken one is refused, told, and the former stays")
    func rotated() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        let client = try SocketClient(port: node.port)
        let second = SealingPeer.key("second", 50, activeFrom: 1_000)
        try node.write(try SealingPeer.document([SealingPeer.first, second]), to: "ring.json")
        let newer = try SealingPeer([second])
        try await eventually {
            try client.post(try newer.seal().frame, token: try TestNode.token()).status == 200
        }
        // The older key still opens, and a client that has no other can open its answer.
        let (frame, context) = try SealingPeer().seal()
        let reply = try client.post(frame, token: try TestNode.token())
        #expect(reply.status == 200)
        #expect(try SealingPeer().open(reply.body, as: context)["status"] as? String == "success")
        try node.write(#"{"keys": []}"#, to: "ring.json")
        try await eventually {
            try await AdminPage.get("/health", port: node.adminPort).description.contains("key ring was refused")
        }
        #expect(try client.post(try newer.seal().frame, token: try TestNode.token()).status == 200)
        let rotations = try node.auditLines().filter { $0["event"] as? String == "key_rotation" }
        #expect(rotations.map { $0["reason"] as? String } == ["applied", "refused"])
        // After the grace the old key opens nothing.
        try node.write(try SealingPeer.document([second]), to: "ring.json")
        try await eventually {
            try client.post(try SealingPeer().seal().frame, token: try TestNode.token()).code == "EMCL_FAILURE"
        }
        await node.stop()
    }
}
