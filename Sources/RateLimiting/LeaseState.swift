/// What a node knows of one shared bucket, and what of it the node holds.
struct LeaseState: Sendable {
    /// Tokens taken by one ask.
    struct Batch: Sendable, Hashable {
        var tokens = 0
        /// Until when they may be spent, on this node's monotonic clock.
        var expiresNanoseconds: Int64 = 0
        /// When they were taken, on the store's clock.
        var takenMicroseconds: Int64 = 0
    }

    /// What this node can say of a demand without asking.
    enum Local: Sendable, Hashable {
        /// The cost was taken from what is held.
        case taken
        /// The store refused lately; again after so long.
        case refused(waitNanoseconds: Int64)
        /// The store has to be asked.
        case unknown
    }

    /// Held tokens, spent in this order.
    private(set) var current = Batch()
    private(set) var next = Batch()
    /// Whether an ask for a lease is under way.
    var isAsking = false
    /// Who waits for it.
    var waiters: [UnsafeContinuation<Void, Never>] = []
    /// When the refused cost will be there, and until when nobody asks again.
    private var refusedUntilNanoseconds: Int64 = .min
    private var quietUntilNanoseconds: Int64 = .min
    private var refusedCost = Int.max
    /// What the store said was left, and when.
    private(set) var sharedRemaining: Int?
    private var windowStartNanoseconds: Int64 = 0
    private var windowSpent = 0
    private(set) var spentPerWindow = 0
    /// This node's share while the store is away.
    var share: TokenBucket?
    /// Admitted while the store was away, and to be paid when it is back.
    var debt = 0
    private(set) var touchedNanoseconds: Int64 = 0

    var heldTokens: Int { current.tokens + next.tokens }

    /// Takes a cost from what is held, or says what is known.
    mutating func take(_ cost: Int, now: Int64) -> Local {
        touchedNanoseconds = now
        if spend(cost, now: now) {
            note(spent: cost, now: now)
            return .taken
        }
        if now < quietUntilNanoseconds, cost >= refusedCost {
            return .refused(waitNanoseconds: refusedUntilNanoseconds - now)
        }
        return .unknown
    }

    /// Puts tokens back that another limit of the same request made useless.
    mutating func putBack(_ tokens: Int, now: Int64) {
        guard current.expiresNanoseconds > now else { return }
        current.tokens += tokens
    }

    /// Whether the next lease should be asked for now, so that nobody waits for it.
    func wantsRefill(_ rules: LeaseRules, now: Int64) -> Bool {
        !isAsking && spentPerWindow >= rules.spentPerWindowMin && heldTokens < spentPerWindow / 2
            && now >= quietUntilNanoseconds
    }

    /// Tokens to take beyond those that are needed now.
    func leaseSize(_ limit: RateLimit, _ rules: LeaseRules) -> Int {
        guard !isAsking, spentPerWindow >= rules.spentPerWindowMin, rules.isLeasable(limit) else { return 0 }
        return min(spentPerWindow, max(rules.sharedCapacity(limit) / 10, 1))
    }

    /// The store granted tokens: those needed now are spent, those owed are paid, and the rest is held.
    mutating func granted(
        _ tokens: Int, cost: Int, remaining: Int, sentNanoseconds: Int64, takenMicroseconds: Int64, _ rules: LeaseRules,
        now: Int64
    ) {
        note(spent: cost, now: now)
        sharedRemaining = remaining
        share = nil
        refusedUntilNanoseconds = .min
        quietUntilNanoseconds = .min
        refusedCost = .max
        let paid = min(debt, max(tokens - cost, 0))
        debt -= paid
        let surplus = tokens - cost - paid
        guard surplus > 0 else { return }
        dropExpired(now: now)
        let batch = Batch(
            tokens: surplus, expiresNanoseconds: sentNanoseconds + rules.lifetimeNanoseconds,
            takenMicroseconds: takenMicroseconds)
        if current.tokens == 0 {
            current = batch
        } else if next.tokens == 0 {
            next = batch
        } else {
            // Two lifetimes are enough to keep apart: the shorter one holds for both.
            next.tokens += surplus
        }
    }

    /// The store refused a cost.
    mutating func refused(cost: Int, remaining: Int, waitNanoseconds: Int64, _ rules: LeaseRules, now: Int64) {
        touchedNanoseconds = now
        sharedRemaining = remaining
        share = nil
        let wait = max(waitNanoseconds, rules.refusalNanosecondsMin)
        refusedUntilNanoseconds = now + wait
        quietUntilNanoseconds = now + min(wait, rules.refusalNanosecondsMax)
        refusedCost = cost
    }

    /// The ask for a lease has ended.
    ///
    /// - Returns: who waited for it.
    mutating func endAsking() -> [UnsafeContinuation<Void, Never>] {
        isAsking = false
        defer { waiters = [] }
        return waiters
    }

    /// Takes out what is held and has not been touched for a while, to give it back.
    mutating func reclaim(_ rules: LeaseRules, now: Int64) -> [Batch] {
        dropExpired(now: now)
        guard now - touchedNanoseconds >= rules.windowNanoseconds else { return [] }
        defer { (current, next) = (Batch(), Batch()) }
        return [current, next].filter { $0.tokens > 0 }
    }

    /// Whether nothing would be lost by forgetting this bucket; what was counted while the store was away is kept for a minute.
    func isForgettable(now: Int64) -> Bool {
        let keepsFor: Int64 = debt == 0 && share == nil ? 2_000_000_000 : 60_000_000_000
        return heldTokens == 0 && !isAsking && waiters.isEmpty && quietUntilNanoseconds <= now
            && now - touchedNanoseconds > keepsFor
    }

    private mutating func spend(_ cost: Int, now: Int64) -> Bool {
        dropExpired(now: now)
        guard heldTokens >= cost, cost > 0 else { return false }
        let first = min(cost, current.tokens)
        current.tokens -= first
        next.tokens -= cost - first
        if current.tokens == 0 { (current, next) = (next, Batch()) }
        return true
    }

    /// Tokens too old to be spent without breaking the bound.
    private mutating func dropExpired(now: Int64) {
        if current.tokens > 0, current.expiresNanoseconds <= now { current.tokens = 0 }
        if next.tokens > 0, next.expiresNanoseconds <= now { next.tokens = 0 }
        if current.tokens == 0, next.tokens > 0 { (current, next) = (next, Batch()) }
    }

    private mutating func note(spent: Int, now: Int64) {
        touchedNanoseconds = now
        let elapsed = now - windowStartNanoseconds
        if elapsed >= Self.windowNanoseconds {
            let windows = elapsed / Self.windowNanoseconds
            // The last window counts half, all before it the other half; a pause of many windows forgets them.
            spentPerWindow = windows > 10 ? 0 : (spentPerWindow + windowSpent / Int(windows)) / 2
            windowStartNanoseconds = now
            windowSpent = 0
        }
        windowSpent += spent
    }

    private static let windowNanoseconds: Int64 = 20_000_000
}
