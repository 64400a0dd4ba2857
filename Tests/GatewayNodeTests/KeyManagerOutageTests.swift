import Encryption
import Foundation
import GatewayNode
import IntentProtocol
import RedisFixtures
import Testing

/// A ring behind a real key manager while that refuses, is gone, and comes back; a client asks all the time.
@Suite("Key managers that refuse or are away", .serialized)
struct KeyManagerOutageTests {
    /// Those of the client that asks all the time, which no rotation takes away, and those that come one after the other.
    private static let lasting = SealingPeer.key("lasting", 200)
    private static let second = SealingPeer.key("second", 50, activeFrom: 2_000)
    private static let third = SealingPeer.key("third", 100, activeFrom: 3_000)

    private static func first(until end: Int64? = nil) -> RingKey {
        SealingPeer.key("first", 1, activeFrom: 1_000, opensUntil: end)
    }

    /// A worker that holds every key.
    private static func worker() throws -> ScriptedWorker {
        let peer = try SealingPeer([lasting, first(), second, third])
        return try ScriptedWorker(.made { body in (try? peer.reply(to: body, of: "scripted")) ?? [] })
    }

    /// The key that the node seals its calls by now.
    private static func sealing(_ worker: ScriptedWorker) -> String? {
        (worker.requests.last?.json["body"] as? [String: Any])?["kid"] as? String
    }

    /// What the audit log says of the ring, in order.
    private static func rotations(_ node: TestNode) throws -> [(reason: String, detail: String)] {
        try node.allAuditLines().filter { $0["action"] as? String == "keyring.reload" }.map {
            ($0["reason"] as? String ?? "", $0["detail"] as? String ?? "")
        }
    }

    /// How many looks brought no ring.
    private static func refusedCount(_ node: TestNode) async throws -> Double {
        try await node.metric("intentusnet_emcl_key_ring_refused_total") ?? 0
    }

    /// What the admin API says of the keys of envelopes.
    private static func health(_ node: TestNode) async throws -> String {
        let overview = try await AdminClient(node).get("overview")
        let checks = (overview.json["health"] as? [String: Any])?["checks"] as? [[String: Any]] ?? []
        let check = checks.first { $0["name"] as? String == "keys of envelopes" }
        return "\(check?["status"] as? String ?? "none"): \(check?["message"] as? String ?? "")"
    }

    @Test(
        "a ring that Transit wraps is followed by the schedule, over a rotation of Transit's own key too; one that Transit refuses is not",
        .timeLimit(.minutes(2)))
    func transit() async throws {
        let (vault, worker) = (try OpenBao(), try Self.worker())
        defer { worker.stop() }
        try vault.api("POST", "sys/mounts/transit", #"{"type":"transit"}"#)
        try vault.api("POST", "transit/keys/emcl")
        func wrapped(_ keys: [RingKey]) throws -> String {
            try vault.wrapped(try SealingPeer.document([Self.lasting] + keys), by: "emcl")
        }
        let node = try await TestNode.asking(
            vault, as: try vault.appRole("gateway", tokenSeconds: 3),
            for: "secret://vault-transit/transit/emcl?ciphertext=ring.wrapped", inFrontOf: worker,
            files: ["ring.wrapped": try wrapped([Self.first()])])
        let caller = try SteadyCaller(node, try SealingPeer([Self.lasting]))
        try await eventually { Self.sealing(worker) == "first" }

        // A new key seals, and the former one opens for its grace.
        let end = (SealingPeer.now / 1_000 + 13) * 1_000
        let next = try wrapped([Self.first(until: end), Self.second])
        try node.write(next, to: "ring.wrapped")
        try await eventually(withinSeconds: 8) { Self.sealing(worker) == "second" }
        let (former, token) = (try SealingPeer([Self.first()]), try TestNode.token())
        let during = try await node.answer(try former.seal().frame, token: token)
        #expect(SealingPeer.now < end, "the schedule left nothing of the grace")
        #expect(during.status == 200, "\(during)")

        // Wrapped before Transit's own key is rotated, and rewrapped after it.
        let last = try wrapped([Self.first(until: end), Self.second, Self.third])
        try vault.api("POST", "transit/keys/emcl/rotate")
        let rewrapped = try vault.rewrapped(last, by: "emcl")
        #expect(last.hasPrefix("vault:v1:") && rewrapped.hasPrefix("vault:v2:"))
        try vault.api("POST", "transit/keys/emcl/config", #"{"min_decryption_version":2}"#)
        try node.write(rewrapped, to: "ring.wrapped")
        try await eventually(withinSeconds: 8) { Self.sealing(worker) == "third" }
        try await eventually(withinSeconds: 15) { SealingPeer.now > end }
        let after = try await node.answer(try former.seal().frame, token: token)
        #expect(after.status == 400 && after.code == "EMCL_FAILURE", "\(after)")
        #expect(try await node.metric(#"intentusnet_emcl_failures_total{reason="expired_key"}"#) == 1)
        #expect(try await Self.refusedCount(node) == 0)
        #expect(try await Self.health(node) == "healthy: ")

        // The old ciphertext is under a version that Transit decrypts no more; then the key itself goes.
        try node.write(next, to: "ring.wrapped")
        try await eventually(withinSeconds: 8) { try await Self.refusedCount(node) >= 1 }
        #expect(try await Self.health(node) == "degraded: the key ring was refused; the former one is in force")
        try vault.api("POST", "transit/keys/emcl/config", #"{"deletion_allowed":true}"#)
        try vault.api("DELETE", "transit/keys/emcl")
        try node.write(rewrapped, to: "ring.wrapped")
        try await eventually(withinSeconds: 8) { try Self.rotations(node).count == 4 }
        #expect(Self.sealing(worker) == "third")
        let told = try Self.rotations(node)
        #expect(told.map(\.reason) == ["applied", "applied", "refused", "refused"], "\(told)")
        for refusal in told.suffix(2) {
            #expect(refusal.detail.contains("answered 400 to decrypting by transit/emcl"), "\(refusal)")
            #expect(!refusal.detail.contains(next) && !refusal.detail.contains(rewrapped))
        }
        let outcome = try await caller.stop()
        #expect(outcome.failures.isEmpty && outcome.successCount > 100, "\(outcome)")
        await node.stop()
    }

    @Test(
        "a key manager that is gone leaves the ring in force, told once; one that takes its place is followed without a restart",
        .timeLimit(.minutes(2)))
    func away() async throws {
        let (vault, worker) = (try OpenBao(), try Self.worker())
        defer { worker.stop() }
        let role = try vault.appRole("gateway", tokenSeconds: 3)
        try vault.put("emcl", ["ring": try SealingPeer.document([Self.first()])])
        let node = try await TestNode.asking(vault, as: role, inFrontOf: worker)
        let caller = try SteadyCaller(node, try SealingPeer([Self.first()]))
        vault.kill9()
        // Two looks: the second is counted, and says nothing that the first did not say.
        try await eventually(withinSeconds: 20) { try await Self.refusedCount(node) >= 2 }
        #expect(
            try await Self.health(node)
                == "degraded: the source of the key ring does not answer; the former one is in force")
        let during = try Self.rotations(node)
        #expect(during.map(\.reason) == ["source_unavailable"], "\(during)")
        #expect(during.first?.detail.contains("Vault at \(vault.url) cannot be reached") == true, "\(during)")
        let asked = try await AdminClient(node).post("keys/rotate")
        #expect(asked.status == 503 && "\(asked.json)".contains("KEY_SOURCE_UNAVAILABLE"), "\(asked)")
        #expect("\(asked.json)".contains("Vault at \(vault.url)"), "\(asked)")

        let successor = try OpenBao(port: vault.port)
        _ = try successor.appRole("gateway", tokenSeconds: 3, known: role)
        try successor.put("emcl", ["ring": try SealingPeer.document([Self.first()])])
        // The same ring again: nothing changes, but that the trouble is over.
        try await eventually(withinSeconds: 12) { try Self.rotations(node).count == 2 }
        #expect(try await Self.health(node) == "healthy: ")
        try successor.put("emcl", ["ring": try SealingPeer.document([Self.first(), Self.second])])
        try await eventually(withinSeconds: 12) { Self.sealing(worker) == "second" }
        #expect(try await Self.health(node) == "healthy: ")
        let after = try Self.rotations(node)
        #expect(after.map(\.reason) == ["source_unavailable", "source_available", "applied"], "\(after)")
        #expect(after.last?.detail == "added [\"second\"], removed []", "\(after)")
        let outcome = try await caller.stop()
        #expect(outcome.failures.isEmpty && outcome.successCount > 100, "\(outcome)")
        await node.stop()
    }

    @Test("a gateway does not start while its key manager is away, and says which, for which key, and what to look at")
    func start() async throws {
        let (vault, worker) = (try OpenBao(), try Self.worker())
        defer { worker.stop() }
        let role = try vault.appRole("gateway", tokenSeconds: 3)
        vault.kill9()
        let error = await #expect(throws: ConfigurationRefused.self) {
            let node = try await TestNode.asking(vault, as: role, inFrontOf: worker)
            await node.stop()
        }
        let text = error?.description ?? ""
        let place = "emcl.keyRing: secret://vault/secret/emcl#ring: Vault at \(vault.url) cannot be reached"
        #expect(text.contains("gateway.yaml:") && text.contains(place), "\(text)")
        #expect(text.contains("does it run, and is this its address?"), "\(text)")
        #expect(!text.contains(role.secretId))
    }
}
