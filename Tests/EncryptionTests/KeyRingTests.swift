import IntentProtocol
import Testing

@testable import Encryption

@Suite("Key rings")
struct KeyRingTests {
    @Test("the key that began last and has not ended seals")
    func active() throws {
        let first = try Fixture.key("a", byte: 1, activeFrom: 0, opensUntil: 3_000)
        let second = try Fixture.key("b", byte: 2, activeFrom: 1_000, opensUntil: 4_000)
        let workers = try Fixture.key("w", byte: 3, uses: [.workers], activeFrom: 2_000)
        let ring = try KeyRing([first, workers, second])
        func active(_ use: KeyUse, _ now: Int64) -> String? {
            ring.activeKey(.v2, for: use, atUnixMilliseconds: now)?.id
        }
        #expect([0, 999, 1_000, 3_999, 4_000].map { active(.clients, $0) } == ["a", "a", "b", "b", nil])
        #expect([1_999, 2_000, 9_000].map { active(.workers, $0) } == ["b", "w", "w"])
        #expect(ring.activeKey(.v1, for: .clients, atUnixMilliseconds: 1) == nil)
        #expect(throws: EMCLFailure(.noActiveKey)) { try ring.sealed(Fixture.request, at: 4_000) }
    }

    @Test("an old key opens through its grace and not a millisecond longer; a new one opens before it seals")
    func rotation() throws {
        let end = Fixture.now + 1_000
        let old = try Fixture.key("old", byte: 1, opensUntil: end)
        let new = try Fixture.key("new", byte: 2, activeFrom: Fixture.now + 500)
        let ring = try KeyRing([old, new])
        let sealed = try ring.sealed(Fixture.request)
        let byOld = try Fixture.frame(sealed.frame)
        #expect(ring.refusal(byOld, at: end - 1) == nil)
        #expect(ring.refusal(byOld, at: end) == .expiredKey)
        // Another part's clock is ahead of ours, and its ring switched already.
        let ahead = try Fixture.frame(ring.sealed(Fixture.request, at: Fixture.now + 500).frame)
        #expect(ahead.text(.kid).map { Array($0) } == Array("new".utf8))
        #expect(ring.refusal(ahead) == nil)
        #expect(try KeyRing([new]).refusal(byOld) == .unknownKey)
    }

    @Test("a rotation is staged: the old key ends a grace after the new one begins, what has ended goes")
    func staged() throws {
        let now = Fixture.now
        let ring = try KeyRing([
            Fixture.key("gone", byte: 1, activeFrom: 1, opensUntil: now), Fixture.key("old", byte: 2),
            Fixture.key("short", byte: 3, uses: [.workers], activeFrom: 2, opensUntil: now + 1_000),
            Fixture.key("python", byte: 4, profile: .v1),
        ])
        let next = try ring.rotated(
            to: Fixture.key("new", byte: 5, activeFrom: now + 60_000), graceMilliseconds: 3_600_000,
            nowUnixMilliseconds: now)
        let ends = Dictionary(uniqueKeysWithValues: next.keys.map { ($0.id, $0.opensUntilMilliseconds) })
        #expect(ends == ["new": nil, "old": now + 3_660_000, "short": now + 1_000, "python": nil])
        #expect(next.activeKey(.v2, for: .clients, atUnixMilliseconds: now)?.id == "old")
        #expect(next.activeKey(.v2, for: .clients, atUnixMilliseconds: now + 60_000)?.id == "new")
        // A key for clients alone does not take over what workers are sealed with.
        let partial = try ring.rotated(
            to: Fixture.key("new", byte: 5, uses: [.clients], activeFrom: now), graceMilliseconds: 1,
            nowUnixMilliseconds: now)
        #expect(partial.keys.first { $0.id == "old" }?.opensUntilMilliseconds == nil)
    }

    @Test("a key that is for workers alone opens nothing of clients")
    func uses() throws {
        let ring = try KeyRing([Fixture.key(uses: [.workers])])
        let both = try KeyRing([Fixture.key()])
        #expect(ring.refusal(try Fixture.frame(both.sealed(Fixture.request).frame)) == .unknownKey)
        #expect(ring.refusal(try Fixture.frame(both.sealed(Fixture.call).frame), as: Fixture.toSummarizer) == nil)
        #expect(throws: EMCLFailure(.noActiveKey)) { try ring.sealed(Fixture.request) }
    }

    @Test("counts what each key sealed, and refuses at the limit")
    func limit() throws {
        let ring = try KeyRing([Fixture.key()], messagesMaxPerKey: 80)
        let bits = Bits()
        var sealed: UInt64 = 0
        while (try? ring.sealed(Fixture.request, bits: bits)) != nil { sealed += 1 }
        // One of eight places is full; together they never count past the limit.
        #expect((10...80).contains(sealed))
        #expect(throws: EMCLFailure(.keyExhausted)) {
            for _ in 0..<1_000 { _ = try ring.sealed(Fixture.request, bits: bits) }
        }
        let counter = SealCounter()
        var numbers: Set<UInt32> = []
        for _ in 0..<1_000 { if let number = counter.take(random: bits.next(), limit: 80) { numbers.insert(number) } }
        #expect(numbers.count == 80)
    }

    @Test("a ring that takes another's place goes on counting, and calls in flight keep theirs")
    func replacement() throws {
        let holder = KeyRingHolder(
            try KeyRing([Fixture.key("a", byte: 1), Fixture.key("gone", byte: 9, activeFrom: 1)]))
        let inFlight = holder.current
        let sealed = try inFlight.sealed(Fixture.request)
        _ = try KeyRing([Fixture.key("a", byte: 1)]).sealed(Fixture.request)
        let again = try Fixture.key("a", byte: 1, opensUntil: Fixture.now * 2)
        let otherBytes = try Fixture.key("gone", byte: 8, activeFrom: 1)
        #expect(holder.replace(with: try KeyRing([again, otherBytes])).keys.count == 2)
        #expect(holder.current.keys.map(\.sealedMessages) == [0, 0])
        #expect(holder.current.keys.last?.opensUntilMilliseconds == Fixture.now * 2)
        #expect(inFlight.keys.map(\.sealedMessages) == [1, 0])
        #expect(inFlight.refusal(try Fixture.frame(sealed.frame)) == nil)
        #expect(holder.current.refusal(try Fixture.frame(sealed.frame)) == .wrongTag, "the id, but other bytes")
        _ = try inFlight.sealed(
            EMCLContext(.call, caller: "", tenant: "", intent: "", intentVersion: "", requestId: ""))
        holder.replace(with: try KeyRing([Fixture.key("gone", byte: 8), Fixture.key("a", byte: 1, activeFrom: 5)]))
        #expect(holder.current.keys.map(\.id) == ["a", "gone"])
    }

    @Test("faults of a ring are named, with the keys' ids and the remedy")
    func faults() throws {
        let key = try Fixture.key("a", byte: 1)
        func fault(_ keys: [RingKey]) -> String {
            do throws(KeyRing.Fault) {
                _ = try KeyRing(keys)
                return ""
            } catch {
                return error.description
            }
        }
        #expect(fault([]).contains("keygen"))
        #expect(fault([key, try Fixture.key("a", byte: 2, activeFrom: 1)]).contains("two keys have the id 'a'"))
        #expect(fault([key, try Fixture.key("b", byte: 1, activeFrom: 1)]).contains("are the same bytes"))
        #expect(fault([key, try Fixture.key("b", byte: 2)]).contains("at the same time"))
        #expect(fault([key, try Fixture.key("b", byte: 2, profile: .v1)]) == "")
        #expect(fault([try Fixture.key(activeFrom: 5, opensUntil: 5)]).contains("ends before it begins"))
        #expect(fault([try Fixture.key(uses: [])]).contains("is for nothing"))
        let many = try (0..<9).map { try Fixture.key("k\($0)", byte: UInt8($0), activeFrom: Int64($0)) }
        #expect(fault(many).contains("at most 8"))
        #expect(RingKey(id: "with space", bytes: KeyBytes(repeating: 1)) == nil)
    }

    @Test("no print, dump or mirror shows a key")
    func redacted() throws {
        let digits = String(repeating: "73", count: 32)
        let bytes = try #require(KeyBytes(encoded: digits.utf8))
        let key = try #require(RingKey(id: "a", bytes: bytes))
        let ring = try KeyRing([key])
        var shown =
            "\(bytes) \(key) \(ring) \(String(reflecting: bytes)) \(String(reflecting: key)) \(String(reflecting: ring))"
        dump(bytes, to: &shown)
        dump(key, to: &shown)
        dump(ring, to: &shown)
        dump(KeyRingHolder(ring), to: &shown)
        // As hex, as text (`s` is 0x73), as numbers, as base64.
        for secret in ["7373", "ssss", "115", "c3Nz"] { #expect(!shown.contains(secret), "\(shown)") }
        #expect(Mirror(reflecting: bytes).children.isEmpty)
        #expect(shown.contains("<redacted>"))
    }
}
