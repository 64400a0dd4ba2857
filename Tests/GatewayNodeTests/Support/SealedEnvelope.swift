import Encryption
import Foundation
import IntentProtocol

/// The other side of a sealed conversation, as a client or a worker of a test holds it.
struct SealingPeer: Sendable {
    static let first = key("first", 1)

    let ring: KeyRing

    init(_ keys: [RingKey] = [SealingPeer.first]) throws {
        ring = try KeyRing(keys)
    }

    /// A key whose bytes a test can make again.
    static func key(
        _ id: String, _ byte: UInt8, profile: EMCLProfile = .v2, activeFrom: Int64 = 0, opensUntil: Int64? = nil
    ) -> RingKey {
        guard let bytes = KeyBytes((0..<32).map { $0 &+ byte }),
            let key = RingKey(
                id: id, bytes: bytes, profile: profile, activeFromMilliseconds: activeFrom,
                opensUntilMilliseconds: opensUntil)
        else { preconditionFailure("a test's key has 32 bytes") }
        return key
    }

    static func document(_ keys: [RingKey] = [first]) throws -> String { KeyRingDocument.text(of: try KeyRing(keys)) }

    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }

    /// A request sealed as its client says.
    func seal(
        _ envelope: String = Envelope.bare(), caller: String = "user:alice", tenant: String = "acme",
        intent: String = "SummarizeIntent", requestId: String = "req-1", profile: EMCLProfile = .v2,
        direction: EMCLDirection = .request, at milliseconds: Int64 = now
    ) throws -> (frame: String, answer: EMCLContext) {
        let context = EMCLContext(
            direction, caller: caller, tenant: tenant, intent: intent, intentVersion: "1.0", requestId: requestId)
        let message = try ring.seal(
            Array(envelope.utf8), context, profile: profile, nowUnixMilliseconds: milliseconds,
            randomBits: { UInt64.random(in: .min ... .max) })
        guard let answer = context.answer(to: message.nonce) else { throw EMCLFailure(.otherDirection) }
        return (String(decoding: message.frame, as: UTF8.self), answer)
    }

    /// What an answer holds, as JSON.
    func open(_ body: [UInt8], as answer: EMCLContext, profile: EMCLProfile = .v2) throws -> [String: Any] {
        guard let frame = try SealedFrame.read(body, bytesMax: body.count) else { throw EMCLFailure(.malformed) }
        var rules = EMCLRules()
        rules.profiles = EMCLProfiles(profile)
        let opened = try ring.open(frame, as: .answer(answer), under: rules, nowUnixMilliseconds: Self.now)
        return try JSONSerialization.jsonObject(with: Data(opened.plaintext)) as? [String: Any] ?? [:]
    }

    /// Opens a call to an agent and seals the reply.
    ///
    /// - Parameter change: what the reply is bound to in place of the call.
    func reply(
        to call: [UInt8], of agent: String, profile: EMCLProfile = .v2,
        change: (EMCLContext) -> EMCLContext = { $0 }
    ) throws -> [UInt8] {
        guard let frame = try SealedFrame.read(call, bytesMax: call.count) else { throw EMCLFailure(.malformed) }
        var rules = EMCLRules()
        rules.profiles = EMCLProfiles(profile)
        let opened = try ring.open(
            frame, as: .call(audience: Array(agent.utf8)[...]), under: rules, nowUnixMilliseconds: Self.now)
        let asked = opened.context ?? Self.unbound
        guard let context = asked.answer(to: opened.nonce).map(change) else { throw EMCLFailure(.otherDirection) }
        return try ring.seal(
            Array(
                #"{"version":"1.0","status":"success","payload":{"sealed":true},"metadata":{"agent":"scripted"},"error":null}"#
                    .utf8),
            context, profile: profile, openedBy: opened.keyId, nowUnixMilliseconds: Self.now,
            randomBits: { UInt64.random(in: .min ... .max) }
        ).frame
    }

    private static var unbound: EMCLContext {
        EMCLContext(.call, caller: "", tenant: "", intent: "", intentVersion: "", requestId: "")
    }
}
