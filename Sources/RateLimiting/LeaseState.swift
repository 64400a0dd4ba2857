/// What a node knows of one shared bucket, and what of it the node holds: events in, decisions out, no clock.
struct LeaseState: Sendable {
    /// Tokens of one age.
    struct Batch: Sendable, Hashable {
        var tokens = 0
        /// Until when they may be spent, on this node's monotonic clock.
        var expiresNanoseconds: Int64 = 0
        /// When they were taken, on the store's clock.
        var takenMicroseconds: Int64 = 0

        /// Takes others in; the older age holds for all.
        mutating func absorb(_ other: Batch) {
            tokens += other.tokens
            expiresNanoseconds = min(expiresNanoseconds, other.expiresNanoseconds)
            takenMicroseconds = min(takenMicroseconds, other.takenMicroseconds)
        }
    }

    /// What this node can say of a demand without asking.
    enum Local: Sendable, Hashable {
        /// The cost was taken from what is held; to be put back as it is.
        case taken(Batch)
        /// The store refused lately; again after so long.
        case refused(waitNanoseconds: Int64)
        /// The store has to be asked.
        case unknown
    }

    /// Held tokens, the older before the younger.
    private(set) var current = Batch()
    private(set) var next = Batch()
    /// Tokens that were dropped, until somebody counts them.
    var expiredTokens = 0
    /// Whether an ask for a lease is under way, and who waits for it, in the order of their coming.
    private(set) var isAsking = false
    private(set) var waiters: [LeaseWaiter] = []
    /// What the store said was left for all nodes.
    private(set) var sharedRemaining: Int?
    /// This node's share while the store is away, and what was admitted from it: to be paid when the store is back.
    var share: NodeShare?
    var debtTokens = 0

    private var refusedUntilNanoseconds: Int64 = .min
    private var quietUntilNanoseconds: Int64 = .min
    private var refusedCost = Int.max
    private var pausedUntilNanoseconds: Int64 = .min
    private var spending = RecentSpending()
    private var touchedNanoseconds: Int64 = 0

    var heldTokens: Int { current.tokens + next.tokens }
    /// What is left as far as this node knows; nil when the store was not asked yet.
    var knownTokens: Int? { sharedRemaining.map { $0 + heldTokens } }

    // MARK: a request

    /// Takes a cost from what is held, or says what is known.
    mutating func take(_ cost: Int, _ rules: LeaseRules, now: Int64) -> Local {
        touchedNanoseconds = now
        dropExpired(now: now)
        if cost > 0, heldTokens >= cost {
            spending.add(cost, rules, now: now)
            return .taken(spend(cost))
        }
        if now < quietUntilNanoseconds, cost >= refusedCost {
            return .refused(waitNanoseconds: refusedUntilNanoseconds - now)
        }
        return .unknown
    }

    /// Takes all that is held towards a cost that it does not cover, if it lives long enough to see the store's answer.
    mutating func takePart(of cost: Int, _ rules: LeaseRules, now: Int64) -> Batch {
        let isLasting = current.expiresNanoseconds - now >= rules.answerNanosecondsMax
        guard heldTokens > 0, heldTokens < cost, isLasting else { return Batch() }
        spending.add(heldTokens, rules, now: now)
        return spend(heldTokens)
    }

    /// Puts back what another limit of the same request made useless.
    mutating func putBack(_ batch: Batch, now: Int64) {
        guard batch.tokens > 0 else { return }
        spending.subtract(batch.tokens)
        guard batch.expiresNanoseconds > now else {
            expiredTokens += batch.tokens
            return
        }
        hold(batch)
    }

    // MARK: the one ask for a lease

    /// Begins an ask for a lease that goes with a request.
    ///
    /// - Returns: tokens to take beyond the cost; 0 when there is no lease to ask for.
    mutating func beginLease(_ limit: RateLimit, _ rules: LeaseRules) -> Int {
        guard !isAsking else { return 0 }
        let size = leaseSize(limit, rules)
        isAsking = size > 0
        return size
    }

    /// Begins an ask for the next lease when the level is low, so that nobody waits for it.
    mutating func beginRefill(_ limit: RateLimit, _ rules: LeaseRules, now: Int64) -> Int {
        guard heldTokens < spending.perWindow / 2, now >= quietUntilNanoseconds, now >= pausedUntilNanoseconds else {
            return 0
        }
        return beginLease(limit, rules)
    }

    /// Lets somebody wait for the lease that is under way.
    ///
    /// - Returns: false when there is none, or too many wait.
    mutating func wait(_ waiter: LeaseWaiter, _ rules: LeaseRules) -> Bool {
        guard isAsking, waiters.count < rules.waitersMax else { return false }
        waiters.append(waiter)
        return true
    }

    /// The ask for a lease has ended.
    ///
    /// - Returns: who waited for it.
    mutating func endAsking() -> [LeaseWaiter] {
        isAsking = false
        defer { waiters = [] }
        return waiters
    }

    /// What this node has lately spent in a window, bounded; 0 for cold buckets and limits that are not leased.
    private func leaseSize(_ limit: RateLimit, _ rules: LeaseRules) -> Int {
        guard spending.perWindow >= rules.spentPerWindowMin, rules.isLeasable(limit) else { return 0 }
        return min(spending.perWindow, max(rules.sharedCapacity(limit) / rules.leaseDivisor, 1))
    }

    // MARK: the store's answer

    /// The store granted what was asked for, or part of what was wanted: the cost is spent, what is owed is paid, the rest is held.
    ///
    /// - Parameters:
    ///   - cost: what the request spends of the grant.
    ///   - owed: what the ask was to pay of the debt.
    ///   - wanted: what was asked for at most.
    mutating func granted(
        _ batch: Batch, cost: Int, owed: Int, wanted: Int, remaining: Int, _ rules: LeaseRules, now: Int64
    ) {
        spending.add(cost, rules, now: now)
        sharedRemaining = remaining
        share = nil
        refusedUntilNanoseconds = .min
        quietUntilNanoseconds = .min
        refusedCost = .max
        if batch.tokens < wanted { pausedUntilNanoseconds = now + rules.pauseNanoseconds }
        let surplus = max(batch.tokens - cost, 0)
        let paid = min(owed, surplus)
        debtTokens += owed - paid
        guard surplus > paid else { return }
        var kept = batch
        kept.tokens = surplus - paid
        dropExpired(now: now)
        guard kept.expiresNanoseconds > now else {
            expiredTokens += kept.tokens
            return
        }
        hold(kept)
    }

    /// The store refused a cost.
    mutating func refused(
        cost: Int, owed: Int, remaining: Int, waitNanoseconds: Int64, _ limit: RateLimit, _ rules: LeaseRules,
        now: Int64
    ) {
        debtTokens += owed
        sharedRemaining = remaining
        share = nil
        let wait = max(waitNanoseconds, rules.isLeasable(limit) ? rules.pauseNanoseconds : 1)
        refusedUntilNanoseconds = now + wait
        quietUntilNanoseconds = now + min(wait, rules.refusalNanosecondsMax)
        refusedCost = cost
    }

    /// The bucket was filled: what was refused, and what was admitted while the store was away, is over.
    mutating func forgetRefusal() {
        refusedUntilNanoseconds = .min
        quietUntilNanoseconds = .min
        pausedUntilNanoseconds = .min
        refusedCost = .max
        debtTokens = 0
        share = nil
    }

    /// Takes the debt out, to be paid with an ask; ``granted``, ``refused`` or ``owes(_:)`` puts back what was not paid.
    mutating func takeDebt() -> Int {
        defer { debtTokens = 0 }
        return debtTokens
    }

    /// What an ask did not pay, because the store did not take it.
    mutating func owes(_ tokens: Int) { debtTokens += tokens }

    /// A request cost more than it paid, and the store cannot be told.
    mutating func owes(_ tokens: Int, atMost most: Int, now: Int64) {
        touchedNanoseconds = now
        debtTokens = max(debtTokens, min(debtTokens + min(tokens, most), most))
    }

    /// Tokens came back to the store: what it refused lately it may not refuse now.
    mutating func askAgain() { quietUntilNanoseconds = .min }

    // MARK: idleness

    /// Takes out what is held and has not been touched for a while, to give it back.
    mutating func reclaim(_ rules: LeaseRules, now: Int64, isLast: Bool) -> [Batch] {
        dropExpired(now: now)
        guard isLast || now - touchedNanoseconds >= rules.windowNanoseconds else { return [] }
        defer { (current, next) = (Batch(), Batch()) }
        return [current, next].filter { $0.tokens > 0 }
    }

    /// Whether there are tokens to give back, or lost ones to count.
    var isToBeReclaimed: Bool { heldTokens > 0 || expiredTokens > 0 }

    /// Whether nothing would be lost by forgetting this bucket.
    func isForgettable(now: Int64) -> Bool {
        let isOwing = debtTokens > 0 && now - touchedNanoseconds < Self.debtNanosecondsMax
        let isSharing = share.map { $0.fullAtNanoseconds > now } ?? false
        return heldTokens == 0 && !isAsking && waiters.isEmpty && quietUntilNanoseconds <= now && !isOwing && !isSharing
            && now - touchedNanoseconds > Self.idleNanosecondsMin
    }

    /// A pause that is no idleness yet; so long a bucket is remembered for its rate of spending.
    private static let idleNanosecondsMin: Int64 = 2_000_000_000
    /// How long a debt is remembered that nobody comes to pay.
    private static let debtNanosecondsMax: Int64 = 60_000_000_000

    // MARK: batches

    /// Takes what is there, the older first; the older age holds for what was taken.
    private mutating func spend(_ cost: Int) -> Batch {
        var spent = current
        spent.tokens = cost
        guard cost >= current.tokens else {
            current.tokens -= cost
            return spent
        }
        next.tokens -= cost - current.tokens
        (current, next) = (next, Batch())
        return spent
    }

    private mutating func hold(_ batch: Batch) {
        if current.tokens == 0 {
            current = batch
        } else if batch.expiresNanoseconds == current.expiresNanoseconds {
            current.absorb(batch)
        } else if next.tokens == 0 {
            next = batch
            if batch.expiresNanoseconds < current.expiresNanoseconds { swap(&current, &next) }
        } else if batch.expiresNanoseconds < next.expiresNanoseconds {
            current.absorb(batch)
        } else {
            // Two ages are enough to keep apart.
            next.absorb(batch)
        }
    }

    /// Tokens too old to be spent without breaking the bound.
    private mutating func dropExpired(now: Int64) {
        guard current.tokens > 0, current.expiresNanoseconds <= now else { return }
        expiredTokens += current.tokens
        (current, next) = (next, Batch())
        dropExpired(now: now)
    }
}
