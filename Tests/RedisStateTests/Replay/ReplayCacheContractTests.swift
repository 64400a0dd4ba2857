import Identity
import RedisFixtures
import Synchronization
import Testing

@testable import RedisState

/// What every replay cache keeps, whatever it stands on.
func keepsReplayContract(_ cache: any ReplayCache, passing: @Sendable (_ milliseconds: Int64) async -> Void)
    async
{
    let nonce = Array("nonce-1".utf8)
    #expect(await cache.firstUse(of: nonce, scope: "alice", timeToLiveMilliseconds: 200) == .first)
    #expect(await cache.firstUse(of: nonce, scope: "alice", timeToLiveMilliseconds: 200) == .replayed)
    // Another's proof, and proofs whose parts only look the same when they are joined.
    #expect(await cache.firstUse(of: nonce, scope: "bob", timeToLiveMilliseconds: 60_000) == .first)
    #expect(await cache.firstUse(of: Array("b".utf8), scope: "a1:", timeToLiveMilliseconds: 60_000) == .first)
    #expect(await cache.firstUse(of: Array(":b".utf8), scope: "a1", timeToLiveMilliseconds: 60_000) == .first)
    // Texts that look the same are not.
    #expect(await cache.firstUse(of: nonce, scope: "\u{e9}", timeToLiveMilliseconds: 60_000) == .first)
    #expect(await cache.firstUse(of: nonce, scope: "e\u{301}", timeToLiveMilliseconds: 60_000) == .first)
    #expect(await cache.firstUse(of: [], scope: "", timeToLiveMilliseconds: 60_000) == .first)
    #expect(await cache.firstUse(of: [], scope: "", timeToLiveMilliseconds: 60_000) == .replayed)
    // No proof is that long.
    let long = [UInt8](repeating: 1, count: 257)
    #expect(await cache.firstUse(of: long, scope: "alice", timeToLiveMilliseconds: 200) == .unavailable)
    await passing(1_300)
    #expect(await cache.firstUse(of: nonce, scope: "alice", timeToLiveMilliseconds: 200) == .first)
    #expect(await cache.firstUse(of: nonce, scope: "bob", timeToLiveMilliseconds: 200) == .replayed)
    // Of many that come at once one is the first.
    let firsts = await withTaskGroup(of: ReplayVerdict.self) { group in
        for _ in 0..<50 {
            group.addTask {
                await cache.firstUse(of: Array("race".utf8), scope: "alice", timeToLiveMilliseconds: 60_000)
            }
        }
        return await group.reduce(into: 0) { $0 += $1 == .first ? 1 : 0 }
    }
    #expect(firsts == 1)
}

@Suite("Replay cache", .timeLimit(.minutes(1)))
struct ReplayCacheContractTests {
    @Test("in memory a proof is good once")
    func memory() async {
        let clock = TestClock()
        let cache = MemoryReplayCache(nowNanoseconds: { clock.milliseconds * 1_000_000 })
        await keepsReplayContract(cache) { clock.advance(milliseconds: $0) }
    }

    @Test("by SET NX PX a proof is good once")
    func fake() async {
        let clock = TestClock()
        let cache = RedisReplayCache.patient(MemoryRedis(clock: clock))
        await keepsReplayContract(cache) { clock.advance(milliseconds: $0) }
        #expect(cache.figures.unavailable == 1)
    }

    @Test(
        "in a real Redis a proof is good once, and its key leaves by itself", .enabled(if: RedisServer.isInstalled),
        arguments: RedisForm.allCases)
    func redis(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let cache = RedisReplayCache.patient(under.commands, names: under.names)
        await keepsReplayContract(cache) { try? await Task.sleep(for: .milliseconds($0)) }
        let keys = try under.keys()
        #expect(keys.count >= 6)
        for (name, life) in keys {
            #expect(name.dropFirst(under.prefix.count).wholeMatch(of: #/\{[0-9a-f]{32}\}:replay/#) != nil, "\(name)")
            #expect(life > 0, "\(name)")
        }
        await under.close()
    }

    @Test("a store that fails says so, a proof is not burnt by it, and after three failures it is asked now and then")
    func failing() async {
        let clock = TestClock()
        let redis = FailingRedis(MemoryRedis(clock: clock))
        let cache = RedisReplayCache.patient(redis, surroundings: .manual(clock))
        func use() async -> ReplayVerdict { await cache.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 60_000) }
        for failure in [RedisFailure.timedOut, .connectionLost, .overloaded] {
            redis.fail(failure)
            #expect(await use() == .unavailable)
        }
        for _ in 0..<100 { #expect(await use() == .unavailable) }
        #expect(redis.asked.load(ordering: .relaxed) == 3)
        clock.advance(milliseconds: 50)
        for _ in 0..<100 { #expect(await use() == .unavailable) }
        // One that finds out, and the wait after it is longer.
        #expect(redis.asked.load(ordering: .relaxed) == 4)
        redis.fail(nil)
        clock.advance(milliseconds: 100)
        #expect(await use() == .first)
        #expect(await use() == .replayed)
        #expect(cache.figures == RedisReplayCache.Figures(first: 1, replayed: 1, unavailable: 203, skipped: 199))
    }

    @Test("what Redis refuses costs nobody time, and every proof is asked for")
    func refusing() async {
        let redis = FailingRedis(MemoryRedis(clock: TestClock()))
        let cache = RedisReplayCache.patient(redis)
        redis.fail(.refused(RedisServerError(line: "OOM command not allowed")))
        for _ in 0..<10 {
            #expect(await cache.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 1_000) == .unavailable)
        }
        redis.fail(nil)
        #expect(await cache.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 1_000) == .first)
    }

    @Test("in a cluster the proofs of a master that is away are refused at once, and those of the others are not")
    func breakers() {
        var breakers = ReplayBreakers(count: 16)
        let (first, last) = (breakers.place(slot: 0), breakers.place(slot: SlotHash.slotCount - 1))
        #expect(first == 0 && last == 15 && breakers.place(slot: 1_024) == 1)
        for _ in 0..<3 {
            #expect(breakers.turn(at: first, nowNanoseconds: 0) == .ask)
            breakers.fail(.ask, at: first, asked: 0, ended: 0)
        }
        #expect(breakers.turn(at: first, nowNanoseconds: 49_999_999) == .skip)
        #expect(breakers.turn(at: last, nowNanoseconds: 0) == .ask)
        #expect(breakers.turn(at: first, nowNanoseconds: 50_000_000) == .probe)
        #expect(breakers.turn(at: first, nowNanoseconds: 50_000_000) == .skip)
        breakers.ended(
            .probe, at: first, answered: true, jitter: 1, askedNanoseconds: 50_000_000, nowNanoseconds: 50_000_000)
        #expect(breakers.turn(at: first, nowNanoseconds: 50_000_000) == .ask)
    }

    @Test("a pause under many proofs is one failure; three pauses one after the other are a Redis that is away")
    func pauses() {
        var breakers = ReplayBreakers(count: 1)
        for pause in Int64(0)..<2 {
            let began = pause * 20_000_000
            for proof in Int64(0)..<50 {
                breakers.fail(.ask, at: 0, asked: began + proof * 100_000, ended: began + 10_000_000 + proof * 100_000)
            }
            #expect(breakers.turn(at: 0, nowNanoseconds: began + 15_000_000) == .ask)
        }
        breakers.fail(.ask, at: 0, asked: 40_000_000, ended: 50_000_000)
        #expect(breakers.turn(at: 0, nowNanoseconds: 50_000_000) == .skip)
    }

    @Test("event loops that ask by clients of their own share what was used, the figures and the breaker")
    func loops() async {
        let clock = TestClock()
        let (memory, away) = (MemoryRedis(clock: clock), FailingRedis(MemoryRedis(clock: clock)))
        let cache = RedisReplayCache.patient(memory, surroundings: .manual(clock))
        let (one, other) = (cache.asking(memory), cache.asking(away))
        func use(_ cache: RedisReplayCache) async -> ReplayVerdict {
            await cache.firstUse(of: [1], scope: "a", timeToLiveMilliseconds: 60_000)
        }
        #expect(await use(one) == .first)
        #expect(await use(cache) == .replayed)
        away.fail(.timedOut)
        for _ in 0..<3 { #expect(await use(other) == .unavailable) }
        #expect(await use(one) == .unavailable)
        #expect(
            one.figures == RedisReplayCache.Figures(first: 1, replayed: 1, unavailable: 4, skipped: 1)
                && one.figures == other.figures)
    }

    @Test("in memory it is bounded: full it refuses, and expired proofs make room")
    func bounded() async {
        let clock = TestClock()
        let cache = MemoryReplayCache(entriesMax: 100, nowNanoseconds: { clock.milliseconds * 1_000_000 })
        for number in 0..<100 {
            #expect(await cache.firstUse(of: [UInt8(number)], scope: "", timeToLiveMilliseconds: 2_000) == .first)
        }
        #expect(await cache.firstUse(of: [200], scope: "", timeToLiveMilliseconds: 2_000) == .unavailable)
        #expect(await cache.firstUse(of: [7], scope: "", timeToLiveMilliseconds: 2_000) == .replayed)
        clock.advance(milliseconds: 3_000)
        #expect(await cache.firstUse(of: [200], scope: "", timeToLiveMilliseconds: 2_000) == .first)
        #expect(cache.count == 1)
        clock.advance(milliseconds: 86_400_000)
        #expect(await cache.firstUse(of: [201], scope: "", timeToLiveMilliseconds: 2_000) == .first)
        #expect(cache.count == 1)
    }
}

extension ReplayBreakers {
    /// A turn that nobody answered; times in nanoseconds.
    fileprivate mutating func fail(_ turn: Turn, at place: Int, asked: Int64, ended: Int64) {
        self.ended(turn, at: place, answered: false, jitter: 1, askedNanoseconds: asked, nowNanoseconds: ended)
    }
}
