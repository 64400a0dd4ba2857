import Encryption
import Foundation
import IntentProtocol
import RedisFixtures
import Testing

/// A ring in a real key manager, which nobody tells the node about: it looks at its own time.
@Suite("Rotation in a key manager", .serialized)
struct KeyManagerRotationTests {
    /// The id of the key that a message names.
    private static func keyId(_ message: [String: Any]) -> String? {
        (message["body"] as? [String: Any])?["kid"] as? String
    }

    @Test(
        "a new version is taken up by the schedule alone: it seals, the old key opens for its grace, and nothing after it",
        .timeLimit(.minutes(2)))
    func schedule() async throws {
        let vault = try OpenBao()
        let second = SealingPeer.key("second", 50, activeFrom: 1_000)
        let (former, both) = (try SealingPeer(), try SealingPeer([SealingPeer.first, second]))
        try vault.put("emcl", ["ring": try SealingPeer.document()])
        let worker = try ScriptedWorker(.made { body in (try? both.reply(to: body, of: "scripted")) ?? [] })
        defer { worker.stop() }
        let node = try await TestNode.asking(
            vault, as: try vault.appRole("gateway", tokenSeconds: 3), inFrontOf: worker)
        let token = try TestNode.token()
        /// Asks as a client who holds the former key alone; the status, and the keys of the call and of the answer.
        func ask() async throws -> (reply: SocketClient.Reply, call: String?, answer: String?) {
            let (port, asked) = (node.port, try former.seal())
            let calls = worker.requests.count
            let reply = try await offPool { try SocketClient(port: port).post(asked.frame, token: token) }
            if reply.status == 200 {
                #expect(try former.open(reply.body, as: asked.answer)["status"] as? String == "success")
            }
            let call = worker.requests.count > calls ? worker.requests.last.flatMap { Self.keyId($0.json) } : nil
            return (reply, call, reply.status == 200 ? Self.keyId(reply.json) : nil)
        }
        let before = try await ask()
        #expect(before.reply.status == 200 && before.call == "first" && before.answer == "first", "\(before)")

        // Whole seconds are what a ring states; two schedules fit into the grace, whatever their jitter.
        let end = (SealingPeer.now / 1_000 + 14) * 1_000
        let retiring = SealingPeer.key("first", 1, opensUntil: end)
        try vault.put("emcl", ["ring": try SealingPeer.document([retiring, second])])
        try await eventually(withinSeconds: 12) { try await ask().call == "second" }
        let during = try await ask()
        #expect(SealingPeer.now < end, "the schedule left nothing of the grace")
        #expect(during.reply.status == 200 && during.call == "second" && during.answer == "first", "\(during)")

        // No schedule is needed for the end: the ring that is in force states it.
        try await eventually(withinSeconds: 20) { try await ask().reply.status != 200 }
        #expect(SealingPeer.now >= end)
        let after = try await ask()
        #expect(after.reply.status == 400 && after.reply.code == "EMCL_FAILURE" && after.call == nil, "\(after)")
        #expect(try node.auditLines().contains { $0["reason"] as? String == "emcl_expired_key" })
        let (port, frame) = (node.port, try SealingPeer([second]).seal().frame)
        let fresh = try await offPool { try SocketClient(port: port).post(frame, token: token) }
        #expect(fresh.status == 200 && Self.keyId(fresh.json) == "second", "\(fresh)")

        // Nobody asked for it: no administrator, and no reload of the configuration.
        let records = try node.allAuditLines().filter {
            ["key_rotation", "admin_action", "config_reload"].contains($0["event"] as? String)
        }
        #expect(records.map { $0["action"] as? String } == ["keyring.reload"], "\(records)")
        #expect(records.first?["detail"] as? String == "added [\"second\"], removed []", "\(records)")
        await node.stop()
    }

    @Test(
        "a ring in AWS Secrets Manager, or in a file that AWS KMS decrypts, is followed by the schedule, too",
        .timeLimit(.minutes(2)), arguments: ["aws-secrets-manager/emcl", "aws-kms/ring.wrapped"])
    func amazon(_ place: String) async throws {
        let (moto, isWrapped) = (try Moto(), place.hasPrefix("aws-kms/"))
        /// Makes the ring the newest; as KMS wraps it, in base64, where it does.
        func publish(_ keys: [RingKey]) throws -> String {
            let text = Data(try SealingPeer.document(keys).utf8).base64EncodedString()
            return try moto.prepare(
                isWrapped
                    ? #"""
                    import base64
                    kms = client("kms")
                    keys = kms.list_keys()["Keys"]
                    key = keys[0]["KeyId"] if keys else kms.create_key()["KeyMetadata"]["KeyId"]
                    made = kms.encrypt(KeyId=key, Plaintext=base64.b64decode("\#(text)"))
                    print(base64.b64encode(made["CiphertextBlob"]).decode())
                    """#
                    : #"""
                    import base64
                    manager, text = client("secretsmanager"), base64.b64decode("\#(text)").decode()
                    if manager.list_secrets()["SecretList"]: manager.put_secret_value(SecretId="emcl", SecretString=text)
                    else: manager.create_secret(Name="emcl", SecretString=text)
                    """#)
        }
        let second = SealingPeer.key("second", 50, activeFrom: 1_000)
        let peer = try SealingPeer([SealingPeer.first, second])
        let worker = try ScriptedWorker(.made { body in (try? peer.reply(to: body, of: "scripted")) ?? [] })
        defer { worker.stop() }
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]",
            extra: """
                emcl: { keyRing: "secret://\(place)", refreshSeconds: 5, workers: required }
                secrets: { aws: { region: eu-central-1, endpoint: "\(moto.url)" } }
                """,
            files: ["ring.wrapped": try publish([SealingPeer.first])],
            environment: ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"])
        let caller = try SteadyCaller(node, try SealingPeer())
        func sealing() -> String? { worker.requests.last.flatMap { Self.keyId($0.json) } }
        try await eventually { sealing() == "first" }
        let wrapped = try publish([SealingPeer.first, second])
        if isWrapped { try node.write(wrapped, to: "ring.wrapped") }
        try await eventually(withinSeconds: 8) { sealing() == "second" }
        let outcome = try await caller.stop()
        #expect(outcome.failures.isEmpty, "\(outcome)")
        await node.stop()
    }

    @Test(
        "a key manager whose ring cannot be used leaves the one in force and says so; then it is followed again",
        .timeLimit(.minutes(2)))
    func broken() async throws {
        let vault = try OpenBao()
        try vault.put("emcl", ["ring": try SealingPeer.document()])
        let worker = try ScriptedWorker(.made { body in (try? SealingPeer().reply(to: body, of: "scripted")) ?? [] })
        defer { worker.stop() }
        let node = try await TestNode.asking(
            vault, as: try vault.appRole("gateway", tokenSeconds: 3), inFrontOf: worker)
        try vault.put("emcl", ["ring": #"{"keys": [{"id": "second", "key": "no key at all"}]}"#])
        try await eventually(withinSeconds: 12) {
            try await node.metric("intentusnet_emcl_key_ring_refused_total") ?? 0 >= 1
        }
        let (port, token, frame) = (node.port, try TestNode.token(), try SealingPeer().seal().frame)
        #expect(try await offPool { try SocketClient(port: port).post(frame, token: token) }.status == 200)
        let health = try PlainHTTP.get("/health", port: node.adminPort)
        #expect(health.contains("the key ring was refused; the former one is in force"), "\(health)")
        #expect(!health.contains("no key at all"))
        let second = SealingPeer.key("second", 50, activeFrom: 1_000)
        try vault.put("emcl", ["ring": try SealingPeer.document([SealingPeer.first, second])])
        try await eventually(withinSeconds: 12) {
            try !PlainHTTP.get("/health", port: node.adminPort).contains("the key ring was refused")
        }
        let peer = try SealingPeer([second]).seal().frame
        #expect(try await offPool { try SocketClient(port: port).post(peer, token: token) }.status == 502)
        await node.stop()
    }
}
