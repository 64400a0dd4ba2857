import Testing

@testable import Identity

@Suite("State machine of an issuer's keys")
struct KeySetStateMachineTests {
    private let second: Int64 = 1_000_000_000

    @Test("it fetches at once, one fetch at a time")
    func start() {
        var machine = KeySetStateMachine()
        #expect(machine.availability(now: 0) == .unavailable)
        #expect(machine.next(now: 0) == .fetch(.scheduled))
        #expect(machine.next(now: 0) != .fetch(.scheduled))
        #expect(machine.keysWanted(now: 1) == .join)
    }

    @Test("B4 it fetches ahead of expiry, spread by the jitter")
    func aheadOfExpiry() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 0)
        #expect(machine.next(now: 0) == .sleep(untilNanoseconds: 255 * second))
        #expect(machine.next(now: 255 * second) == .fetch(.scheduled))
        machine.fetched(freshForSeconds: nil, jitter: 1, now: 300 * second)
        #expect(machine.next(now: 300 * second) == .sleep(untilNanoseconds: 525 * second))
    }

    @Test(
        "what the issuer says about freshness counts between a minute and an hour",
        arguments: [
            (Int64(0), Int64(51)), (59, 51), (100, 85), (3_600, 3_060), (86_400, 3_060), (.max, 3_060), (-1, 51),
        ])
    func freshness(_ told: Int64, _ expectedSeconds: Int64) {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: told, jitter: 0, now: 0)
        #expect(machine.next(now: 0) == .sleep(untilNanoseconds: expectedSeconds * second))
    }

    @Test("B2 the wait after failures doubles up to a minute")
    func backOff() {
        var machine = KeySetStateMachine()
        var now: Int64 = 0
        for seconds: Int64 in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
            #expect(machine.next(now: now) == .fetch(.scheduled))
            machine.failed(jitter: 1, now: now)
            #expect(machine.retryAfterSeconds(now: now) == Int(seconds))
            now += seconds * second
            #expect(machine.next(now: now - 1) == .sleep(untilNanoseconds: now))
        }
        for _ in 0..<100 {
            _ = machine.next(now: now)
            machine.failed(jitter: 0, now: now)
        }
        #expect(machine.next(now: now) == .sleep(untilNanoseconds: now + 30 * second))
    }

    @Test("B3 keys become stale and serve for a day, then they are withdrawn once")
    func stale() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 0)
        #expect(machine.availability(now: 299 * second) == .ready)
        #expect(machine.availability(now: 300 * second) == .stale)
        #expect(machine.next(now: 300 * second) == .fetch(.scheduled))
        machine.failed(jitter: 1, now: 86_399 * second + second / 2)
        #expect(machine.availability(now: 86_399 * second) == .stale)
        #expect(machine.next(now: 86_399 * second + second / 2) == .sleep(untilNanoseconds: 86_400 * second))
        #expect(machine.next(now: 86_400 * second) == .withdraw)
        #expect(machine.availability(now: 86_400 * second) == .unavailable)
        #expect(machine.ageSeconds(now: 86_400 * second) == nil)
        #expect(machine.next(now: 86_400 * second) == .sleep(untilNanoseconds: 86_400 * second + second / 2))
        #expect(machine.next(now: 86_401 * second) == .fetch(.scheduled))
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 86_401 * second)
        #expect(machine.availability(now: 86_401 * second) == .ready)
    }

    @Test("keys that may be stale for less time than they are fresh serve while they are fresh")
    func shortStale() {
        var timing = KeySetTiming()
        timing.staleMaxSeconds = 0
        var machine = KeySetStateMachine(timing)
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 0)
        #expect(machine.availability(now: 299 * second) == .ready)
        #expect(machine.next(now: 300 * second) == .withdraw)
    }

    @Test("B1 an unknown kid causes a fetch at once, the next one after ten seconds")
    func unknownKeyID() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 0)
        #expect(machine.keysWanted(now: second) == .fetch)
        #expect(machine.keysWanted(now: second) == .join)
        #expect(machine.next(now: second) == .fetch(.unknownKey))
        #expect(machine.keysWanted(now: second) == .join)
        machine.fetched(freshForSeconds: nil, jitter: 0, now: second)
        #expect(machine.keysWanted(now: 2 * second) == .tooSoon)
        #expect(machine.keysWanted(now: 11 * second - 1) == .tooSoon)
        #expect(machine.keysWanted(now: 11 * second) == .fetch)
    }

    @Test("B4 an issuer that fails is asked at the pace of the back-off, not of the callers")
    func noHammering() {
        var machine = KeySetStateMachine()
        var now: Int64 = 0
        var fetches = 0
        while now < 3_600 * second {
            _ = machine.keysWanted(now: now)
            if machine.next(now: now) == .fetch(.scheduled) {
                fetches += 1
                machine.failed(jitter: 1, now: now)
            }
            now += second / 10
        }
        #expect(fetches <= 66)
        #expect(fetches >= 60)
    }

    @Test("a reload fetches at once, also within every wait, and after a fetch that runs")
    func reload() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.reload()
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 0)
        #expect(machine.next(now: 0) == .fetch(.reload))
        machine.failed(jitter: 1, now: 0)
        machine.reload()
        #expect(machine.next(now: 0) == .fetch(.reload))
    }

    @Test("a copy of another node's fetch is as old as it is: fresh, refreshed and served by its own age")
    func copies() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        let now = 1_000 * second
        machine.fetched(freshForSeconds: 100, ageMilliseconds: 40_000, jitter: 0, now: now)
        #expect(machine.availability(now: now + 59 * second) == .ready)
        #expect(machine.availability(now: now + 60 * second) == .stale)
        #expect(machine.next(now: now) == .sleep(untilNanoseconds: now + 45 * second))
        #expect(machine.ageSeconds(now: now) == 40)
        machine.adopted(freshForSeconds: 100, ageMilliseconds: 0, jitter: 0, now: now + second)
        #expect(machine.next(now: now + second) == .sleep(untilNanoseconds: now + 86 * second))
    }

    @Test("an old copy serves for an issuer that is down, which is asked again at the pace of the back-off")
    func oldCopy() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: 300, ageMilliseconds: 3_600_000, jitter: 1, now: 0)
        #expect(machine.availability(now: 0) == .stale)
        #expect(machine.next(now: 0) == .sleep(untilNanoseconds: second))
        #expect(machine.next(now: second) == .fetch(.scheduled))
        machine.failed(jitter: 1, now: second)
        #expect(machine.next(now: second) == .sleep(untilNanoseconds: 3 * second))
        #expect(machine.availability(now: 82_799 * second) == .stale)
        #expect(machine.availability(now: 82_800 * second) == .unavailable)
    }

    @Test("a wish that was answered by an older copy may be repeated ten seconds after the issuer served that copy")
    func wishAnsweredByCopy() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.fetched(freshForSeconds: nil, jitter: 0, now: 0)
        #expect(machine.keysWanted(now: 20 * second) == .fetch)
        #expect(machine.next(now: 20 * second) == .fetch(.unknownKey))
        machine.fetched(freshForSeconds: nil, ageMilliseconds: 7_000, jitter: 0, now: 20 * second)
        #expect(machine.keysWanted(now: 23 * second - 1) == .tooSoon)
        #expect(machine.keysWanted(now: 23 * second) == .fetch)
        _ = machine.next(now: 23 * second)
        machine.fetched(freshForSeconds: nil, ageMilliseconds: 60_000, jitter: 0, now: 23 * second)
        #expect(machine.keysWanted(now: 24 * second - 1) == .tooSoon)
        #expect(machine.keysWanted(now: 24 * second) == .fetch)
    }

    @Test("an adoption leaves a fetch that runs running")
    func adoptionWhileFetching() {
        var machine = KeySetStateMachine()
        _ = machine.next(now: 0)
        machine.adopted(freshForSeconds: 300, ageMilliseconds: 0, jitter: 0, now: 0)
        #expect(machine.isFetching)
        #expect(machine.availability(now: 0) == .ready)
        #expect(machine.keysWanted(now: 0) == .join)
    }
}
