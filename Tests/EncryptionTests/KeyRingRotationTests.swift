import Testing

@testable import Encryption

@Suite("Rotation and age of a ring")
struct KeyRingRotationTests {
    private final class Draw {
        private var count: UInt8 = 100

        func next() throws -> (id: String, bytes: KeyBytes) {
            count += 1
            return ("new-\(count)", try #require(KeyBytes([UInt8](repeating: count, count: 32))))
        }
    }

    private static func rotated(
        _ ring: KeyRing, lead: Int64 = 2_000, grace: Int64 = 5_000, at now: Int64 = Fixture.now, draw: Draw = Draw()
    ) throws -> (ring: KeyRing, added: [RingKey]) {
        let drawn = try (0..<2).map { _ in try draw.next() }
        var next = drawn.makeIterator()
        return try ring.rotated(
            leadMilliseconds: lead, graceMilliseconds: grace, nowUnixMilliseconds: now,
            draw: { next.next() ?? drawn[0] })
    }

    @Test("the new key begins a lead from now in whole seconds, and the old one ends a grace later")
    func staged() throws {
        let ring = try KeyRing([try Fixture.key("old")])
        let (next, added) = try Self.rotated(ring, at: Fixture.now + 1)
        let key = try #require(added.first)
        #expect(added.count == 1 && key.uses == [.clients, .workers])
        #expect(key.activeFromMilliseconds == Fixture.now + 3_000)
        #expect(next.keys.first { $0.id == "old" }?.opensUntilMilliseconds == Fixture.now + 8_000)
        #expect(next.activeKey(.v2, for: .clients, atUnixMilliseconds: Fixture.now + 2_999)?.id == "old")
        #expect(next.activeKey(.v2, for: .clients, atUnixMilliseconds: Fixture.now + 3_000)?.id == key.id)
    }

    @Test("rotating twice at once gives two keys that begin one after the other, and ends come no later than they were")
    func twice() throws {
        let draw = Draw()
        let (first, one) = try Self.rotated(try KeyRing([try Fixture.key("old")]), draw: draw)
        let (second, two) = try Self.rotated(first, draw: draw)
        let (earlier, later) = (try #require(one.first), try #require(two.first))
        #expect(later.activeFromMilliseconds == earlier.activeFromMilliseconds + 1_000)
        #expect(second.keys.count == 3)
        #expect(second.keys.first { $0.id == "old" }?.opensUntilMilliseconds == Fixture.now + 7_000)
    }

    @Test("each use goes on with a key of its own; v1 is left, and so is a ring that has nothing else")
    func uses() throws {
        let ring = try KeyRing([
            try Fixture.key("both", byte: 1), try Fixture.key("workers", byte: 2, uses: [.workers], activeFrom: 1_000),
            try Fixture.key("python", byte: 3, profile: .v1),
        ])
        let (next, added) = try Self.rotated(ring)
        #expect(Set(added.map(\.uses)) == [[.clients], [.workers]])
        #expect(next.keys.first { $0.id == "both" }?.opensUntilMilliseconds == Fixture.now + 7_000)
        #expect(next.keys.first { $0.id == "python" }?.opensUntilMilliseconds == nil)
        let python = try KeyRing([try Fixture.key("python", profile: .v1)])
        #expect(try Self.rotated(python).added.isEmpty)
    }

    @Test("keys that have ended make room; a ring that is full of living ones says so")
    func room() throws {
        let living = try (1...8).map { try Fixture.key("k\($0)", byte: UInt8($0), activeFrom: Int64($0) * 1_000) }
        #expect(throws: KeyRing.Fault.count(9)) { try Self.rotated(try KeyRing(living)) }
        let ended = try Fixture.key("k1", byte: 1, activeFrom: 1_000, opensUntil: Fixture.now)
        #expect(try Self.rotated(try KeyRing([ended] + living.dropFirst())).ring.keys.count == 8)
    }

    @Test("a key is told of at three quarters of its messages, and a day before it ends without a successor")
    func findings() throws {
        let day = KeyRing.endWarningMilliseconds
        let ring = try KeyRing([try Fixture.key("a", opensUntil: Fixture.now + day)], messagesMaxPerKey: 64)
        #expect(ring.findings(atUnixMilliseconds: Fixture.now - 1).isEmpty)
        #expect(
            ring.findings(atUnixMilliseconds: Fixture.now)
                == [.endsWithoutSuccessor("a", atMilliseconds: Fixture.now + day)])
        let followed = try KeyRing([
            try Fixture.key("a", opensUntil: Fixture.now + day),
            try Fixture.key("b", byte: 8, activeFrom: Fixture.now + day - 1),
        ])
        #expect(followed.findings(atUnixMilliseconds: Fixture.now).isEmpty)
        let busy = try KeyRing([try Fixture.key("a")], messagesMaxPerKey: 64)
        let bits = Bits()
        while busy.keys[0].sealedMessages < 47 { _ = try? busy.sealed(Fixture.request, bits: bits) }
        #expect(busy.findings(atUnixMilliseconds: Fixture.now).isEmpty)
        while busy.keys[0].sealedMessages < 48 { _ = try? busy.sealed(Fixture.request, bits: bits) }
        #expect(busy.findings(atUnixMilliseconds: Fixture.now) == [.nearlyUsedUp("a")])
        #expect(busy.findings(atUnixMilliseconds: Fixture.now).first?.description.contains("rotate") == true)
    }
}
