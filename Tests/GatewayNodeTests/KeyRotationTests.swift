import Encryption
import Foundation
import GatewayNode
import IntentProtocol
import RedisFixtures
import Testing

/// Rings that change while a node runs: by the admin API, at their source, and in a cluster.
@Suite("Rotation of envelope keys", .serialized)
struct KeyRotationTests {
    private static func node(
        _ worker: ScriptedWorker, _ emcl: String = "keyRingFile: ring.json", keys: [RingKey] = [SealingPeer.first],
        store: String = "memory", environment: [String: String] = [:]
    ) async throws -> TestNode {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", store: store, extra: "emcl: { \(emcl) }",
            files: ["ring.json": try SealingPeer.document(keys)], admin: AdminClient.access(), environment: environment)
    }

    /// The keys as the admin API shows them, by their id.
    private static func keys(_ node: TestNode) async throws -> [String: [String: Any]] {
        let page = try await AdminClient(node).get("keys")
        let list = try #require(page.json["emcl"] as? [[String: Any]], "\(page)")
        return Dictionary(uniqueKeysWithValues: list.compactMap { key in (key["id"] as? String).map { ($0, key) } })
    }

    private static func ring(_ node: TestNode) throws -> KeyRing {
        let bytes = try Data(contentsOf: node.folder.appending(path: "ring.json"))
        return try KeyRingDocument.read(Array(bytes), file: "ring.json")
    }

    /// The id of the key that the node seals an answer by.
    private static func keyOfAnswer(_ node: TestNode, _ peer: SealingPeer) async throws -> String? {
        let (port, frame, token) = (node.port, try peer.seal().frame, try TestNode.token())
        let reply = try await offPool { try SocketClient(port: port).post(frame, token: token) }
        #expect(reply.status == 200, "\(reply)")
        return (reply.json["body"] as? [String: Any])?["kid"] as? String
    }

    @Test("an operator rotates: the file gets a staged key, the old one an end, and no answer or record a key")
    func rotated() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(
            worker, "keyRingFile: ring.json, rotation: { leadSeconds: 1, graceSeconds: 60 }")
        let reply = try await AdminClient(node).post("keys/rotate")
        #expect(reply.status == 200, "\(reply)")
        #expect(reply.json["activeKey"] as? String == "first" && reply.json["scope"] as? String == "node")
        let next = try #require(reply.json["nextKey"] as? String)
        let ring = try Self.ring(node)
        #expect(Set(ring.keys.map(\.id)) == ["first", next])
        let key = try #require(ring.keys.first { $0.id == next })
        #expect(reply.json["nextActiveFrom"] as? String == UTCTime.text(key.activeFromMilliseconds))
        #expect(
            ring.keys.first { $0.id == "first" }?.opensUntilMilliseconds == key.activeFromMilliseconds + 60_000)
        let file = node.folder.appending(path: "ring.json").path
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: node.folder.path).allSatisfy { !$0.hasSuffix(".new") })
        // Who holds the ring seals by the new key when its time has come, and is answered by it.
        let peer = try SealingPeer(ring.keys)
        try await eventually { try await Self.keyOfAnswer(node, peer) == next }
        let shown = try await Self.keys(node)
        #expect(shown[next]?["state"] as? String == "active" && shown["first"]?["state"] as? String == "retiring")
        #expect(shown["first"]?["activeFrom"] is NSNull && shown[next]?["opensUntil"] is NSNull)
        #expect(shown[next]?["sealedMessages"] as? Int ?? 0 >= 1)
        #expect(
            try await node.metric(#"intentusnet_emcl_sealed_messages_total{key="\#(next)"}"#) ?? 0 >= 1)
        let rotation = try node.allAuditLines().filter { $0["event"] as? String == "key_rotation" }
        #expect(rotation.contains { $0["action"] as? String == "keyring.rotate" && $0["target"] as? String == next })
        #expect(try AdminClient(node).record("keys.rotate") != nil)
        let document = try String(contentsOfFile: file, encoding: .utf8)
        let secrets = document.matches(of: #/"key": "([^"]+)"/#).map { String($0.1) }
        let audit = try String(contentsOf: node.folder.appending(path: "audit.jsonl"), encoding: .utf8)
        #expect(secrets.count == 2)
        for secret in secrets { #expect(!audit.contains(secret) && !"\(reply)".contains(secret)) }
        await node.stop()
    }

    @Test("a ring that is full is told, and so is one that is a link, as a mounted secret is")
    func fixed() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let full = try await Self.node(
            worker, keys: (1...8).map { SealingPeer.key("k\($0)", UInt8($0 * 20), activeFrom: Int64($0) * 1_000) })
        let reply = try await AdminClient(full).post("keys/rotate")
        #expect(reply.status == 409 && "\(reply.json)".contains("KEY_RING_FULL"), "\(reply)")
        let path = full.folder.appending(path: "ring.json")
        try FileManager.default.moveItem(at: path, to: full.folder.appending(path: "elsewhere.json"))
        try FileManager.default.createSymbolicLink(atPath: path.path, withDestinationPath: "elsewhere.json")
        let link = try await AdminClient(full).post("keys/rotate")
        #expect(link.status == 409 && "\(link.json)".contains("KEY_SOURCE_FIXED"), "\(link)")
        #expect(try Self.ring(full).keys.count == 8)
        await full.stop()
    }

    @Test("a ring at a source of secrets is taken up when it changes there, and asked for by a rotation")
    func source() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker, #"keyRing: "secret://file/ring.json""#)
        #expect(try await Self.keys(node).keys.sorted() == ["first"])
        let second = SealingPeer.key("second", 50, activeFrom: 1_000)
        try node.write(try SealingPeer.document([SealingPeer.first, second]), to: "ring.json")
        let reply = try await AdminClient(node).post("keys/rotate")
        #expect(reply.status == 200 && reply.json["nextKey"] is NSNull, "\(reply)")
        #expect(reply.json["activeKey"] as? String == "second")
        #expect(try await Self.keyOfAnswer(node, try SealingPeer([SealingPeer.first, second])) == "second")
        // One that cannot be used is refused; the former stays, and health says so.
        try node.write("{\"keys\": []}", to: "ring.json")
        try await eventually {
            try await node.metric("intentusnet_emcl_key_ring_refused_total") ?? 0 >= 1
        }
        #expect(try await Self.keys(node).count == 2)
        #expect(try await AdminClient(node).post("keys/rotate").status == 503)
        await node.stop()
    }

    @Test(
        "without a ring the variables of the guide are keys; the hex is 32 bytes, the text is taken as Python takes it")
    func variables() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let hex = (0..<32).map { String(format: "%02x", $0 + 1) }.joined()
        let node = try await Self.node(
            worker, "clientProfiles: [v1, v2]",
            environment: ["INTENTUSNET_ENCRYPTION_KEY": hex, "INTENTUSNET_EMCL_KEY": "a text of any length"])
        let keys = try await Self.keys(node)
        #expect(keys["INTENTUSNET_ENCRYPTION_KEY"]?["profile"] as? String == "v2")
        #expect(keys["INTENTUSNET_EMCL_KEY"]?["profile"] as? String == "v1")
        let peer = try SealingPeer([SealingPeer.key("INTENTUSNET_ENCRYPTION_KEY", 1)])
        #expect(try await Self.keyOfAnswer(node, peer) == "INTENTUSNET_ENCRYPTION_KEY")
        let text = try #require(KeyBytes(pythonText: Secret("a text of any length")))
        let python = try SealingPeer([try #require(RingKey(id: "p", bytes: text, profile: .v1))])
        let (port, frame) = (node.port, try python.seal(profile: .v1).frame)
        let token = try TestNode.token()
        #expect(try await offPool { try SocketClient(port: port).post(frame, token: token) }.status == 200)
        #expect(try await AdminClient(node).post("keys/rotate").status == 409)
        await node.stop()
        await #expect(throws: ConfigurationRefused.self) {
            try await Self.node(worker, "", environment: ["INTENTUSNET_ENCRYPTION_KEY": "no hex"])
        }
        await #expect(throws: ConfigurationRefused.self) { try await Self.node(worker, "") }
    }

    @Test(
        "in a cluster a key whose time has come seals once every node holds it", .enabled(if: RedisServer.isInstalled))
    func together() async throws {
        let (worker, redis) = (try ScriptedWorker(), try RedisServer.started())
        defer { worker.stop() }
        let store = "redis://127.0.0.1:\(redis.port)"
        let one = try await Self.node(worker, store: store)
        let other = try await Self.node(worker, store: store)
        let second = SealingPeer.key("second", 50, activeFrom: 1_000)
        let document = try SealingPeer.document([SealingPeer.first, second])
        let peer = try SealingPeer([SealingPeer.first, second])
        let client = try SealingPeer()
        try await eventually { try await one.metric("intentusnet_nodes") == 2 }
        try one.write(document, to: "ring.json")
        try await eventually { try await Self.keys(one)["second"]?["state"] as? String == "waiting" }
        #expect(try await Self.keyOfAnswer(one, client) == "first")
        #expect(try await one.metric("intentusnet_emcl_keys_waiting") == 1)
        // It opens already, and who seals by it can open an answer by it.
        #expect(try await Self.keyOfAnswer(one, peer) == "second")
        #expect(try await Self.keys(one)["second"]?["state"] as? String == "waiting")
        try other.write(document, to: "ring.json")
        for node in [one, other] {
            try await eventually { try await Self.keys(node)["second"]?["state"] as? String == "active" }
            #expect(try await Self.keyOfAnswer(node, peer) == "second")
            #expect(try await Self.keyOfAnswer(node, client) == "first")
        }
        #expect(try await one.metric("intentusnet_emcl_keys_waiting") == 0)
        // A rotation at one is told to all: the other looks at its own source at once.
        let reply = try await AdminClient(one).post("keys/rotate")
        #expect(reply.json["scope"] as? String == "cluster", "\(reply)")
        try await eventually {
            let generations = [
                try await one.metric("intentusnet_emcl_key_ring_generation"),
                try await other.metric("intentusnet_emcl_key_ring_generation"),
            ]
            return generations == [1, 1]
        }
        await one.stop()
        await other.stop()
    }
}
