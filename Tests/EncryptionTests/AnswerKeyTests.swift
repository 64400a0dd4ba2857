import IntentProtocol
import Testing

@testable import Encryption

/// By which key an answer is sealed: that of the request, so that who asked can open it.
@Suite("The key of an answer")
struct AnswerKeyTests {
    /// The id of the key that an answer to a request of `asking` is sealed by.
    private static func answered(
        _ ring: KeyRing, _ asking: String, profile: EMCLProfile = .v2, at now: Int64 = Fixture.now
    ) throws -> String? {
        let sealed = try ring.sealed(Fixture.request)
        let context = try #require(Fixture.request.answer(to: sealed.nonce))
        let answer = try ring.seal(
            Fixture.plaintext, context, profile: profile, openedBy: asking, nowUnixMilliseconds: now,
            randomBits: Bits(2).next)
        guard profile == .v2 else {
            let frame = try Fixture.frame(answer.frame)
            var rules = EMCLRules()
            rules.profiles = [.v1]
            return try ring.open(frame, as: .answer(context), under: rules, nowUnixMilliseconds: now).keyId
        }
        return try Fixture.frame(answer.frame).text(.kid).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func ring(limit: UInt64 = KeyRing.messagesMax, profile: EMCLProfile = .v2) throws -> KeyRing {
        try KeyRing(
            [
                try Fixture.key("old", byte: 1, profile: profile, opensUntil: Fixture.now + 5_000),
                try Fixture.key("new", byte: 2, profile: profile, activeFrom: Fixture.now - 1_000),
                try Fixture.key("next", byte: 3, profile: profile, activeFrom: Fixture.now + 1_000),
            ] + (profile == .v1 ? [try Fixture.key("v2", byte: 4)] : []), messagesMaxPerKey: limit)
    }

    @Test(
        "a client that has the older key alone, or a newer one already, gets an answer by it",
        arguments: ["old", "new", "next"])
    func same(_ id: String) throws {
        #expect(try Self.answered(Self.ring(), id) == id)
        let old = try KeyRing([try Fixture.key("old", byte: 1)])
        let sealed = try old.sealed(Fixture.request)
        let context = try #require(Fixture.request.answer(to: sealed.nonce))
        let answer = try Self.ring().seal(
            Fixture.plaintext, context, openedBy: "old", nowUnixMilliseconds: Fixture.now, randomBits: Bits(3).next)
        let frame = try Fixture.frame(answer.frame)
        #expect(old.refusal(frame, as: .answer(context)) == nil)
    }

    @Test("a peer of the Python package holds one key at a time: it is answered by the one that opened")
    func python() throws {
        #expect(try Self.answered(Self.ring(profile: .v1), "old", profile: .v1) == "old")
    }

    @Test("a key that has ended meanwhile, that is not there, or that is for workers alone gives way to the active one")
    func ended() throws {
        #expect(try Self.answered(Self.ring(), "old", at: Fixture.now + 5_000) == "next")
        #expect(try Self.answered(Self.ring(), "gone") == "new")
        let ring = try KeyRing([
            try Fixture.key("workers", byte: 1, uses: [.workers]), try Fixture.key("new", byte: 2, activeFrom: 1_000),
        ])
        #expect(try Self.answered(ring, "workers") == "new")
    }

    @Test("one that has sealed all it may gives way, and both together refuse")
    func exhausted() throws {
        let ring = try Self.ring(limit: 8)
        var ids: [String?] = []
        let context = try #require(Fixture.request.answer(to: try ring.sealed(Fixture.request).nonce))
        let bits = Bits(4)
        while ids.count < 200 {
            do throws(EMCLFailure) {
                let answer = try ring.seal(
                    Fixture.plaintext, context, openedBy: "old", nowUnixMilliseconds: Fixture.now, randomBits: bits.next
                )
                ids.append(try? Fixture.frame(answer.frame).text(.kid).map { String(decoding: $0, as: UTF8.self) })
            } catch {
                #expect(error.reason == .keyExhausted)
                ids.append(nil)
            }
        }
        // Eight each, one of the newer one's for the request.
        #expect(ids.count { $0 == "old" } == 8)
        #expect(ids.count { $0 == "new" } == 7)
    }
}
