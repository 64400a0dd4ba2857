package import RateLimiting

/// What every store of buckets does, whatever keeps them: the same words for memory, leases over an exact store, and Redis.
///
/// It knows nothing of a test library: it returns what is broken, as sentences. Names are drawn from a prefix, so that it can run any
/// number of times on one store that lasts.
package struct BucketStoreContract<Store: BucketStore>: Sendable {
    let store: Store
    let hasher: BucketKeyHasher
    /// Before every name.
    let prefix: String
    let nowNanoseconds: @Sendable () -> Int64
    /// Lets that much time pass.
    let pass: @Sendable (_ milliseconds: Int64) async -> Void

    /// Makes the contract of a store.
    ///
    /// - Parameters:
    ///   - prefix: before every name; no other run on the same shared store has it.
    ///   - pass: lets that much time pass.
    package init(
        store: Store, hasher: BucketKeyHasher, prefix: String, nowNanoseconds: @escaping @Sendable () -> Int64,
        pass: @escaping @Sendable (_ milliseconds: Int64) async -> Void
    ) {
        self.store = store
        self.hasher = hasher
        self.prefix = prefix
        self.nowNanoseconds = nowNanoseconds
        self.pass = pass
    }

    /// Everything that the store does otherwise.
    package func violations() async -> [String] {
        var broken: [String] = []
        for (name, rule) in rules {
            if let found = await rule(self) { broken.append("\(name): \(found)") }
        }
        return broken
    }

    private typealias Rule = @Sendable (Self) async -> String?

    private var rules: [(String, Rule)] {
        [
            ("burst, then refusal", { await $0.burst() }), ("a token when it is due", { await $0.due() }),
            ("keys are apart", { await $0.keys() }), ("limits are apart", { await $0.limits() }),
            ("all or nothing", { await $0.together() }), ("costs", { await $0.costs() }),
            ("looking", { await $0.looking() }), ("shadow", { await $0.shadow() }),
            ("hopeless", { await $0.hopeless() }), ("twins", { await $0.twins() }),
            ("no limit", { await $0.none() }), ("at the same time", { await $0.atOnce() }),
            ("several at the same time", { await $0.togetherAtOnce() }), ("owing", { await $0.owing() }),
            ("coming back", { await $0.comingBack() }), ("no report", { await $0.noReport() }),
            ("settling at the same time", { await $0.settlingAtOnce() }),
        ]
    }

    // MARK: words

    func limit(_ name: String, _ rate: Int, burst: Int? = nil, shadow: Bool = false, settled: Bool = false) -> RateLimit
    {
        RateLimit(
            name: prefix + name, capacityTokens: burst, ratePerMinute: rate, shadow: shadow, isSettled: settled)
    }

    func demand(_ limit: RateLimit, _ key: String = "k", cost: Int = 1) -> BucketDemand {
        hasher.prepare(limit).demand(on: key, cost: cost)
    }

    func demand(_ limit: RateLimit, fields: [String]) -> BucketDemand {
        hasher.prepare(limit).demand(onFields: fields)
    }

    /// The decision of the store itself; nil when it could not decide.
    func take(_ demands: BucketDemand...) async -> Admission? {
        guard case .decided(let admission) = await store.take(demands, nowNanoseconds: nowNanoseconds()) else {
            return nil
        }
        return admission
    }

    /// Settles a demand, and lets the store hear of it.
    func settle(_ demand: BucketDemand, _ actualCost: Int?) async {
        store.settle([BucketSettlement(demand: demand, actualCost: actualCost)], nowNanoseconds: nowNanoseconds())
        await pass(100)
    }

    func admitted(_ attempts: Int, _ demands: BucketDemand...) async -> Int {
        var count = 0
        for _ in 0..<attempts {
            if case .decided(.admitted) = await store.take(demands, nowNanoseconds: nowNanoseconds()) { count += 1 }
        }
        return count
    }
}
