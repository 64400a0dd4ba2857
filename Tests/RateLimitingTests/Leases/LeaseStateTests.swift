import Testing

@testable import RateLimiting

@Suite("Lease state")
struct LeaseStateTests {
    private let rules = LeaseRules()
    private let limit = RateLimit(name: "l", ratePerMinute: 600_000)
    private let millisecond: Int64 = 1_000_000

    /// A state that has lately spent `spent` tokens a window, up to `now`.
    private func hot(_ spent: Int, now: Int64) -> LeaseState {
        var state = LeaseState()
        for window in (0..<10).reversed() {
            grant(&state, spent, cost: spent, sent: now - Int64(window) * rules.windowNanoseconds)
        }
        return state
    }

    private func grant(_ state: inout LeaseState, _ tokens: Int, cost: Int = 0, sent: Int64, wanted: Int = 0) {
        let batch = LeaseState.Batch(
            tokens: tokens, expiresNanoseconds: sent + rules.lifetimeNanoseconds, takenMicroseconds: sent / 1_000)
        state.granted(batch, cost: cost, owed: 0, wanted: wanted, remaining: 1_000, rules, now: sent)
    }

    @Test("tokens are spent until τ after the ask was sent, and not one nanosecond longer")
    func lifetime() {
        var state = LeaseState()
        grant(&state, 10, sent: 5)
        let end = 5 + rules.lifetimeNanoseconds
        guard case .taken(let batch) = state.take(3, rules, now: end - 1) else {
            Issue.record("held tokens are spent")
            return
        }
        #expect(batch == LeaseState.Batch(tokens: 3, expiresNanoseconds: end, takenMicroseconds: 0))
        #expect(state.heldTokens == 7)
        #expect(state.take(1, rules, now: end) == .unknown)
        #expect(state.heldTokens == 0 && state.expiredTokens == 7)
    }

    @Test("the older tokens are spent first, and a cost over both has the older age")
    func order() {
        var state = LeaseState()
        grant(&state, 5, sent: 20 * millisecond)
        grant(&state, 5, sent: 10 * millisecond)
        let (older, younger) = (110 * millisecond, 120 * millisecond)
        #expect(state.take(4, rules, now: 30 * millisecond) == taken(4, older))
        #expect(state.take(3, rules, now: 30 * millisecond) == taken(3, older))
        #expect(state.take(3, rules, now: 30 * millisecond) == taken(3, younger))
        #expect(state.take(1, rules, now: 30 * millisecond) == .unknown)
    }

    private func taken(_ tokens: Int, _ expires: Int64) -> LeaseState.Local {
        let sent = expires - rules.lifetimeNanoseconds
        return .taken(.init(tokens: tokens, expiresNanoseconds: expires, takenMicroseconds: sent / 1_000))
    }

    @Test("what is put back keeps its age, and is not counted as spent")
    func puttingBack() {
        var state = LeaseState()
        grant(&state, 1, sent: 10 * millisecond)
        grant(&state, 5, sent: 50 * millisecond)
        guard case .taken(let batch) = state.take(1, rules, now: 60 * millisecond) else { return }
        state.putBack(batch, now: 60 * millisecond)
        #expect(state.heldTokens == 6)
        // At 110 ms the older token is too old, wherever it was in between.
        #expect(state.take(6, rules, now: 110 * millisecond) == .unknown)
        #expect(state.heldTokens == 5 && state.expiredTokens == 1)
        guard case .taken(let late) = state.take(5, rules, now: 149 * millisecond) else { return }
        state.putBack(late, now: 150 * millisecond)
        #expect(state.heldTokens == 0 && state.expiredTokens == 6)
    }

    @Test("a third age joins the older of its neighbours, so that no token gets younger", arguments: [5, 15, 25, 35])
    func threeAges(third: Int64) {
        var state = LeaseState()
        for sent in [10, 30, third] { grant(&state, 5, sent: sent * millisecond) }
        #expect(state.heldTokens == 15)
        for cost in 1...15 {
            guard case .taken(let batch) = state.take(1, rules, now: 100 * millisecond) else {
                Issue.record("token \(cost)")
                return
            }
            let sents = [10, 30, third].sorted().map { $0 * millisecond }
            let sent = batch.expiresNanoseconds - rules.lifetimeNanoseconds
            #expect(sent <= sents[(cost - 1) / 5], "token \(cost)")
            #expect(batch.takenMicroseconds == sent / 1_000)
        }
    }

    @Test("a lease is what was lately spent in a window; cold buckets and small limits have none")
    func size() {
        let now = 10_000 * millisecond
        var state = hot(100, now: now)
        #expect((90...100).contains(state.beginLease(limit, rules)))
        var cold = hot(3, now: now)
        #expect(cold.beginLease(limit, rules) == 0 && !cold.isAsking)
        var slow = hot(100, now: now)
        #expect(slow.beginLease(RateLimit(name: "l", ratePerMinute: 5_999), rules) == 0)
        // A reserve of 1,000 tokens would be more than 2 % of this burst.
        var flat = hot(100, now: now)
        #expect(flat.beginLease(RateLimit(name: "l", capacityTokens: 49_999, ratePerMinute: 600_000), rules) == 0)
        var huge = hot(1_000_000, now: now)
        #expect(huge.beginLease(limit, rules) == 59_900)
        // A pause of more than ten windows forgets what was before it.
        var paused = hot(100, now: now)
        grant(&paused, 1, cost: 1, sent: now + 11 * rules.windowNanoseconds)
        #expect(paused.beginLease(limit, rules) == 0)
    }

    @Test("one lease is asked for at a time, ahead of use below half of it")
    func ahead() {
        let now = 10_000 * millisecond
        var state = hot(100, now: now)
        grant(&state, 60, sent: now)
        #expect(state.beginRefill(limit, rules, now: now) == 0)
        _ = state.take(20, rules, now: now)
        #expect(state.beginRefill(limit, rules, now: now) > 0)
        #expect(state.isAsking)
        #expect(state.beginRefill(limit, rules, now: now) == 0)
        #expect(state.beginLease(limit, rules) == 0)
        #expect(state.endAsking().isEmpty)
        #expect(state.beginRefill(limit, rules, now: now) > 0)
    }

    @Test("a bucket that gave less than was wanted is not asked ahead of use for a pause")
    func pause() {
        let now = 10_000 * millisecond
        var state = hot(100, now: now)
        grant(&state, 30, sent: now, wanted: 100)
        #expect(state.beginRefill(limit, rules, now: now + rules.pauseNanoseconds - 1) == 0)
        #expect(state.beginRefill(limit, rules, now: now + rules.pauseNanoseconds) > 0)
    }

    @Test("a refusal holds until the next token is due, for that cost and above, and a second at most")
    func refusal() {
        let small = RateLimit(name: "l", ratePerMinute: 60)
        var state = LeaseState()
        state.refused(cost: 3, owed: 0, remaining: 1, waitNanoseconds: 400 * millisecond, small, rules, now: 0)
        #expect(state.take(3, rules, now: 1) == .refused(waitNanoseconds: 400 * millisecond - 1))
        #expect(state.take(4, rules, now: 1) == .refused(waitNanoseconds: 400 * millisecond - 1))
        #expect(state.take(2, rules, now: 1) == .unknown)
        #expect(state.take(3, rules, now: 400 * millisecond) == .unknown)
        state.refused(cost: 1, owed: 0, remaining: 0, waitNanoseconds: 30_000 * millisecond, small, rules, now: 0)
        #expect(state.take(1, rules, now: 1) == .refused(waitNanoseconds: 30_000 * millisecond - 1))
        #expect(state.take(1, rules, now: rules.refusalNanosecondsMax) == .unknown)
        grant(&state, 1, cost: 1, sent: 0)
        #expect(state.take(1, rules, now: 1) == .unknown)
    }

    @Test("idle tokens are taken out once, touched ones stay")
    func reclaiming() {
        var state = LeaseState()
        grant(&state, 5, sent: 0)
        _ = state.take(1, rules, now: 10 * millisecond)
        #expect(state.reclaim(rules, now: 29 * millisecond, isLast: false).isEmpty)
        #expect(state.reclaim(rules, now: 30 * millisecond, isLast: false).map(\.tokens) == [4])
        #expect(state.heldTokens == 0)
        grant(&state, 5, sent: 0)
        _ = state.take(1, rules, now: 10 * millisecond)
        #expect(state.reclaim(rules, now: 10 * millisecond, isLast: true).map(\.tokens) == [4])
    }

    @Test("what is owed is paid from what was asked for it, and not twice")
    func debt() {
        var state = LeaseState()
        state.owes(50)
        #expect(state.takeDebt() == 50)
        #expect(state.takeDebt() == 0)
        let batch = LeaseState.Batch(tokens: 31, expiresNanoseconds: 100, takenMicroseconds: 0)
        state.granted(batch, cost: 1, owed: 50, wanted: 51, remaining: 0, rules, now: 0)
        #expect(state.debtTokens == 20 && state.heldTokens == 0)
        #expect(state.takeDebt() == 20)
        state.refused(cost: 1, owed: 20, remaining: 0, waitNanoseconds: 5, limit, rules, now: 0)
        #expect(state.debtTokens == 20)
    }

    @Test("what would be missed is not forgotten")
    func forgetting() {
        let later = 3_000 * millisecond
        #expect(LeaseState().isForgettable(now: later))
        var owing = LeaseState()
        owing.owes(1)
        #expect(!owing.isForgettable(now: later))
        #expect(owing.isForgettable(now: 61_000 * millisecond))
        var sharing = LeaseState()
        let part = RateLimit(name: "l", ratePerMinute: 1)
        var share = NodeShare(part, remainingTokens: nil, now: 0)
        _ = share.take(1, part: part, of: part, sharesOverflow: false, now: 0)
        sharing.share = share
        #expect(!sharing.isForgettable(now: 59_999 * millisecond))
        #expect(sharing.isForgettable(now: 60_000 * millisecond))
        var asking = hot(100, now: 500 * millisecond)
        #expect(asking.beginLease(limit, rules) > 0)
        #expect(!asking.isForgettable(now: later))
    }
}
