import Crypto
import Synchronization
import Testing

@testable import Identity

@Suite("Memory replay cache", .timeLimit(.minutes(2)))
struct MemoryReplayCacheTests {
    /// Nanoseconds that a test sets.
    private final class Clock: Sendable {
        private let nanoseconds = Atomic<Int64>(0)

        var now: Int64 { nanoseconds.load(ordering: .relaxed) }

        func advance(milliseconds: Int64) { nanoseconds.add(milliseconds * 1_000_000, ordering: .relaxed) }
    }

    private let clock = Clock()

    private func cache(entriesMax: Int = MemoryReplayCache.entriesMaxDefault) -> MemoryReplayCache {
        MemoryReplayCache(entriesMax: entriesMax) { [clock] in clock.now }
    }

    private static func digest(_ number: Int, count: Int = 28) -> [UInt8] {
        var digest = [UInt8](repeating: 7, count: count)
        for place in 0..<3 { digest[place] = UInt8(truncatingIfNeeded: number >> (8 * place)) }
        return digest
    }

    @Test("digests of every length are proofs of their own, however alike they are")
    func lengths() {
        let cache = cache()
        for byte in [UInt8(0), 0xFF] {
            for count in (byte == 0 ? 0 : 1)...256 {
                let digest = [UInt8](repeating: byte, count: count)
                for expected in [ReplayVerdict.first, .replayed] {
                    #expect(cache.verdict(on: digest, scope: "a", timeToLiveMilliseconds: 1_000) == expected)
                }
            }
        }
        // What stands for a long one is not taken for it.
        let hash = Array(SHA256.hash(data: [UInt8](repeating: 0, count: 100)))
        for count in [27, 28, 29, 31, 32] {
            #expect(cache.verdict(on: Array(hash[..<count]), scope: "a", timeToLiveMilliseconds: 1_000) == .first)
        }
        #expect(cache.count == 518)
    }

    @Test("a changed byte anywhere is another proof")
    func everyByte() {
        let cache = cache()
        for count in [28, 64] {
            for place in 0..<count {
                var digest = [UInt8](repeating: 1, count: count)
                digest[place] = 2
                #expect(cache.verdict(on: digest, scope: "a", timeToLiveMilliseconds: 1_000) == .first)
            }
        }
    }

    @Test("scopes come and go, and none is taken for another that had its place")
    func scopes() {
        let cache = cache()
        for round in 0..<3 {
            for number in 0..<300 {
                let scope = "scope:\(round):\(number)"
                for expected in [ReplayVerdict.first, .replayed] {
                    #expect(cache.verdict(on: [1], scope: scope, timeToLiveMilliseconds: 5_000) == expected)
                }
            }
            for number in 0..<300 {
                let scope = "scope:\(round):\(number)"
                #expect(cache.verdict(on: [1], scope: scope, timeToLiveMilliseconds: 5_000) == .replayed)
            }
            clock.advance(milliseconds: 7_000)
        }
        #expect(cache.count == 0)
    }

    @Test("says what an exact memory says, whatever comes and however time goes", arguments: UInt64(1)...8)
    func exact(seed: UInt64) {
        var state = seed
        func chance(_ count: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % count)
        }
        let entriesMax = 200
        let cache = cache(entriesMax: entriesMax)
        var known: [String: Int64] = [:]
        for step in 0..<6_000 {
            let digest = Self.digest(chance(400), count: [3, 28, 40][chance(3)])
            let scope = ["emcl:v2:one", "emcl:v2:two", "node:\u{e9}", "node:e\u{301}"][chance(4)]
            let milliseconds = [1, 400, 60_001, 121_000, 2_000_000, 86_400_000][chance(6)]
            let name = "\(digest)\(Array(scope.utf8))"
            let now = clock.now
            // What expired in this period may still take room; in those before it does not.
            known = known.filter { $0.value >> 30 >= now >> 30 }
            let expected: ReplayVerdict =
                if let expiry = known[name] { expiry > now ? .replayed : .first } else {
                    known.count < entriesMax ? .first : .unavailable
                }
            if expected == .first { known[name] = now + Int64(milliseconds) * 1_000_000 }
            let verdict = cache.verdict(on: digest, scope: scope, timeToLiveMilliseconds: Int64(milliseconds))
            guard verdict == expected else {
                Issue.record("step \(step): \(verdict) instead of \(expected)")
                return
            }
            let pauses: [Int64] = [0, 0, 0, 0, 1, 30, 700, 30_000]
            clock.advance(milliseconds: chance(500) == 0 ? 3_000_000 : pauses[chance(8)])
        }
        clock.advance(milliseconds: 2 * 86_400_000)
        #expect(cache.count == 0)
    }

    @Test("a table finds all it has and nothing else, growing, shrinking, closing gaps", arguments: [1, 5, 64])
    func table(homes: Int) {
        var table = ReplayTable()
        var here: Set<Int> = []
        var state: UInt64 = 7
        for step in 0..<6_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Int((state >> 33) % 150)
            // Few homes: most stand behind others that took their place.
            let hash = UInt64(number % homes) | UInt64(number) << 16
            let proof = ReplayProof(ReplayProof.Content(Self.digest(number)), scope: number)
            let isGrowing = step / 500 % 2 == 0
            if here.contains(number), !isGrowing || state >> 63 == 0 {
                #expect(table.removeExpired(hash, nowNanoseconds: Int64(number)) == number)
                here.remove(number)
            } else if !here.contains(number), isGrowing || state >> 61 == 0 {
                table.insert(proof, hash, expiresAt: Int64(number))
                here.insert(number)
            }
            guard table.count == here.count else {
                Issue.record("\(table.count) instead of \(here.count) in step \(step)")
                return
            }
            guard step % 10 == 0 else { continue }
            for other in 0..<150 {
                let proof = ReplayProof(ReplayProof.Content(Self.digest(other)), scope: other)
                let place = table.place(of: proof, UInt64(other % homes) | UInt64(other) << 16)
                if place.map({ table.expiry(at: $0) }) != (here.contains(other) ? Int64(other) : nil) {
                    Issue.record("\(other) in step \(step)")
                }
            }
        }
    }

    @Test("at its bound it is full and forgets none; what has expired makes room")
    func full() {
        let cache = cache()
        let count = MemoryReplayCache.entriesMaxDefault
        for number in 0..<count where verdict(number) != .first { Issue.record("\(number)") }
        #expect(verdict(count) == .unavailable)
        #expect([0, 1, count / 2, count - 1].allSatisfy { verdict($0) == .replayed })
        clock.advance(milliseconds: 62_000)
        #expect(verdict(count) == .first)
        #expect(verdict(0) == .first)
        #expect(cache.count == 2)

        func verdict(_ number: Int) -> ReplayVerdict {
            cache.verdict(on: Self.digest(number), scope: "emcl:v2:2026-11", timeToLiveMilliseconds: 60_001)
        }
    }

    @Test("proofs that come evenly take out those that have expired")
    func steady() {
        let cache = cache(entriesMax: 3_100)
        for number in 0..<20_000 {
            let verdict = cache.verdict(on: Self.digest(number), scope: "a", timeToLiveMilliseconds: 2_000)
            if verdict != .first { Issue.record("\(number): \(verdict)") }
            clock.advance(milliseconds: 1)
        }
        #expect((2_000...3_100).contains(cache.count))
    }
}
