import Testing

@testable import Encryption

@Suite("Keys that wait for every node")
struct KeyConsentTests {
    private static let start = Fixture.now
    private static let patience: Int64 = 60_000

    private static func ring(newFrom: Int64 = start) throws -> KeyRing {
        try KeyRing([
            try Fixture.key("old", byte: 1), try Fixture.key("new", byte: 2, activeFrom: newFrom),
        ])
    }

    @Test("a key whose time has come waits for the last node, and no longer than the patience")
    func waits() throws {
        let ring = try Self.ring()
        var consent = KeyConsent(patienceMilliseconds: Self.patience)
        let lagging = KeyConsent.Others.known([["old", "new"], ["old"]])
        #expect(consent.heldBack(ring, lagging, nowUnixMilliseconds: Self.start) == ["new"])
        #expect(
            consent.heldBack(ring, .known([["old", "new"], ["new", "old"]]), nowUnixMilliseconds: Self.start) == [])
        #expect(consent.heldBack(ring, lagging, nowUnixMilliseconds: Self.start + Self.patience - 1) == ["new"])
        #expect(consent.heldBack(ring, lagging, nowUnixMilliseconds: Self.start + Self.patience) == [])
    }

    @Test("the patience begins when a key is here and its time has come, whichever is later")
    func patience() throws {
        var consent = KeyConsent(patienceMilliseconds: Self.patience)
        let others = KeyConsent.Others.known([["old"]])
        // Its time was an hour ago, but nobody has it: it must not seal at once.
        let late = try Self.ring(newFrom: Self.start - 3_600_000)
        #expect(consent.heldBack(late, others, nowUnixMilliseconds: Self.start) == ["new"])
        #expect(consent.heldBack(late, others, nowUnixMilliseconds: Self.start + Self.patience) == [])
        var early = KeyConsent(patienceMilliseconds: Self.patience)
        let staged = try Self.ring(newFrom: Self.start + 3_600_000)
        #expect(early.heldBack(staged, others, nowUnixMilliseconds: Self.start) == ["new"])
        #expect(early.heldBack(staged, others, nowUnixMilliseconds: Self.start + 3_600_000 + 1) == ["new"])
        // A clock that was set back prolongs nothing.
        #expect(consent.heldBack(late, others, nowUnixMilliseconds: Self.start - 100_000) == ["new"])
        #expect(consent.heldBack(late, others, nowUnixMilliseconds: Self.start - 100_000 + Self.patience) == [])
    }

    @Test("time alone decides where there are no others; where nobody knows, a key waits")
    func others() throws {
        let ring = try Self.ring()
        var consent = KeyConsent(patienceMilliseconds: Self.patience)
        #expect(consent.heldBack(ring, .nobody, nowUnixMilliseconds: Self.start) == [])
        #expect(consent.heldBack(ring, .known([]), nowUnixMilliseconds: Self.start) == [])
        #expect(consent.heldBack(ring, .unknown, nowUnixMilliseconds: Self.start).contains("new"))
        #expect(consent.heldBack(ring, .unknown, nowUnixMilliseconds: Self.start + Self.patience) == [])
    }

    @Test("a key that is held back does not seal, opens all the same, and seals where no other can")
    func sealing() throws {
        let ring = try Self.ring()
        let held = ring.holdingBack(["new"])
        #expect(ring.activeKey(.v2, for: .clients, atUnixMilliseconds: Self.start)?.id == "new")
        #expect(held.activeKey(.v2, for: .clients, atUnixMilliseconds: Self.start)?.id == "old")
        let message = try ring.sealed(Fixture.request)
        let opened = try held.open(
            try Fixture.frame(message.frame), as: Fixture.fromAlice, under: EMCLRules(),
            nowUnixMilliseconds: Self.start)
        #expect(opened.keyId == "new")
        #expect(
            held.holdingBack(["old", "new"]).activeKey(.v2, for: .clients, atUnixMilliseconds: Self.start)?.id == "new")
        let ended = try KeyRing([
            try Fixture.key("old", byte: 1, opensUntil: Self.start), try Fixture.key("new", byte: 2, activeFrom: 1),
        ]).holdingBack(["new"])
        #expect(ended.activeKey(.v2, for: .clients, atUnixMilliseconds: Self.start)?.id == "new")
        // What waits goes on waiting in the ring that counts on.
        #expect(held.continuing(ring).heldBack == ["new"])
    }

    @Test("a node that lacks what others hold says so, when it has lacked it for a while")
    func lacking() throws {
        let ring = try Self.ring()
        var consent = KeyConsent(patienceMilliseconds: Self.patience)
        func lacking(_ nodes: [Set<String>], after milliseconds: Int64) -> [String] {
            consent.lacking(
                ring, .known(nodes), toleranceMilliseconds: 1_000, nowUnixMilliseconds: Self.start + milliseconds)
        }
        #expect(lacking([["newer", "old"]], after: 0) == [])
        #expect(lacking([["newer", "old"], ["newest"]], after: 1_000) == ["newer", "newest"])
        #expect(lacking([["old"]], after: 2_000) == [])
        #expect(lacking([["newer"]], after: 3_000) == [])
    }
}
