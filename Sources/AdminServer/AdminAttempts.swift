import Identity
import IntentProtocol
import RateLimiting

/// Bounds what peers may try, and how many actions a node takes.
struct AdminAttempts: Sendable {
    /// Peers that are remembered; those beyond share a bucket.
    private static let peersMax = 10_000
    /// Refusals of peers that nobody knows which the audit log takes of each peer in a minute.
    private static let strangersToldPerMinute = 60

    private let store: MemoryBucketStore
    private let failures: PreparedLimit
    private let actions: PreparedLimit
    private let untold: PreparedLimit
    private let nowNanoseconds: @Sendable () -> Int64

    init(
        failuresPerMinute: Int, actionsPerMinute: Int, secret: (UInt64, UInt64),
        nowNanoseconds: @escaping @Sendable () -> Int64
    ) {
        store = MemoryBucketStore(hasher: BucketKeyHasher(secret: secret), keysMax: Self.peersMax)
        failures = store.hasher.prepare(RateLimit(name: "admin.failures", ratePerMinute: failuresPerMinute))
        actions = store.hasher.prepare(RateLimit(name: "admin.actions", ratePerMinute: actionsPerMinute))
        untold = store.hasher.prepare(RateLimit(name: "admin.told", ratePerMinute: Self.strangersToldPerMinute))
        self.nowNanoseconds = nowNanoseconds
    }

    /// Refuses a peer that failed too often, before anything that it shows is looked at.
    func checkFailures(of peer: NetworkAddress?) throws(AdminRefusal) {
        let now = nowNanoseconds()
        guard store.look(failures.demand(on: Self.name(peer)), nowNanoseconds: now).remainingTokens == 0 else { return }
        throw AdminRefusal(
            429, "TOO_MANY_FAILURES", "this peer failed to show who it is too often", retryAfterSeconds: 60)
    }

    func failed(_ peer: NetworkAddress?) {
        _ = store.takeNow(failures.demand(on: Self.name(peer)), nowNanoseconds: nowNanoseconds())
    }

    /// Whether the refusal of a peer that nobody knows is written down: what costs a stranger nothing must not fill the log.
    func isTold(_ peer: NetworkAddress?) -> Bool {
        store.takeNow(untold.demand(on: Self.name(peer)), nowNanoseconds: nowNanoseconds()).isAdmitted
    }

    /// Counts an action, whoever asks for it.
    func act() throws(AdminRefusal) {
        let admission = store.takeNow(actions.demand(on: ""), nowNanoseconds: nowNanoseconds())
        guard case .refused(_, let milliseconds, _) = admission else { return }
        let seconds = max(1, Int(((milliseconds ?? 60_000) + 999) / 1_000))
        throw AdminRefusal(
            429, "TOO_MANY_ACTIONS", "the node takes no more actions this minute; see admin.access.actionsPerMinute",
            retryAfterSeconds: seconds)
    }

    /// An IPv4 address, or the IPv6 network of 64 bits that one person commands.
    private static func name(_ peer: NetworkAddress?) -> String {
        guard let peer else { return "" }
        return peer.isIPv6 ? "6:\(peer.bits >> 64)" : "4:\(peer.bits)"
    }
}
