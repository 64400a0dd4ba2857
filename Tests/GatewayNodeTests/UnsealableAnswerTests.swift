import Foundation
import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import Encryption
@testable import GatewayNode

/// Answers that cannot be sealed, at the socket: the caller learns nothing of them, the operator which part failed.
@Suite("Answers that cannot be sealed")
struct UnsealableAnswerTests {
    /// What keeps a ring from sealing after it has opened a request.
    enum Cause: String, CaseIterable, CustomTestStringConvertible {
        case ended = "emcl_no_active_key"
        case exhausted = "emcl_key_exhausted"
        case library = "emcl_cipher_unavailable"

        var testDescription: String { rawValue }
    }

    private final class Library: Sendable {
        let isFailing = Atomic(false)
    }

    /// Not the key of the file: a ring that takes its place would go on with what that one has prepared.
    private static let key = SealingPeer.key("first", 50)

    private static func ring(_ cause: Cause, _ library: Library, end: Int64) throws -> KeyRing {
        switch cause {
        case .ended: try KeyRing([SealingPeer.key("first", 50, opensUntil: end)])
        case .exhausted: try KeyRing([key], messagesMaxPerKey: 0)
        case .library:
            try KeyRing([
                RingKey(id: "first", bytes: Self.key.bytes, profile: .v2) { key in
                    library.isFailing.load(ordering: .relaxed) ? nil : CipherContext(key)
                }
            ])
        }
    }

    private static func node(_ worker: ScriptedWorker) async throws -> TestNode {
        try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", extra: "emcl: { keyRingFile: ring.json }",
            files: ["ring.json": try SealingPeer.document()])
    }

    @Test(
        "are told in clear without a word of theirs, and the record names the part that failed",
        arguments: Cause.allCases)
    func answer(_ cause: Cause) async throws {
        let library = Library()
        // Long enough for the request, and over before the worker answers.
        let end = SealingPeer.now + 2_000
        let worker = try ScriptedWorker(
            .made { _ in
                if cause == .ended {
                    try? Deadline.wait(for: "the key's end", milliseconds: 5_000) { SealingPeer.now > end }
                }
                if cause == .library { library.isFailing.store(true, ordering: .relaxed) }
                return Array(ScriptedWorker.success.utf8)
            })
        defer { worker.stop() }
        let node = try await Self.node(worker)
        try #require(node.node.parts.seals).holder.replace(with: try Self.ring(cause, library, end: end))
        let reply = try await node.answer(try SealingPeer([Self.key]).seal().frame, token: try TestNode.token())
        #expect(reply.status == 500 && reply.code == "EMCL_FAILURE", "\(reply)")
        #expect(reply.json["messageType"] as? String == "response")
        #expect(!String(decoding: reply.body, as: UTF8.self).contains("\"ok\""))
        let record = try #require(try node.auditLines().last)
        #expect(record["event"] as? String == "emcl_failure" && record["outcome"] as? String == "EMCL_FAILURE")
        #expect(record["reason"] as? String == cause.rawValue && record["status"] as? Int == 500, "\(record)")
        #expect(record["agent"] as? String == "scripted")
        let reason = cause.rawValue.dropFirst("emcl_".count)
        #expect(try await node.metric("intentusnet_emcl_failures_total{reason=\"\(reason)\"}") == 1)
        await node.stop()
    }

    @Test("a refusal that cannot be sealed stays on record as what it is, with the cause beside it")
    func refusal() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker)
        try #require(node.node.parts.seals).holder.replace(
            with: try Self.ring(.exhausted, Library(), end: 0))
        let token = try TestNode.token(roles: ["nobody"])
        let reply = try await node.answer(try SealingPeer([Self.key]).seal().frame, token: token)
        #expect(reply.status == 500 && reply.code == "EMCL_FAILURE", "\(reply)")
        #expect(!String(decoding: reply.body, as: UTF8.self).contains("POLICY"))
        let record = try #require(try node.auditLines().last)
        #expect(record["event"] as? String == "policy_deny" && record["status"] as? Int == 500, "\(record)")
        #expect(record["reason"] as? String == "policy_denial", "\(record)")
        #expect(record["detail"] as? String == "the refusal could not be sealed: emcl_key_exhausted", "\(record)")
        #expect(worker.requests.isEmpty)
        await node.stop()
    }
}
