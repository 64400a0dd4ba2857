import GatewayTesting
import RateLimiting
import Synchronization

/// One node over a scripted store, in a world whose time the test moves.
final class LeaseFixture: Sendable {
    /// What a request came to, once it did.
    final class Answer: Sendable {
        private let state = Mutex<(outcome: BucketOutcome, at: Int64)?>(nil)

        var outcome: BucketOutcome? { state.withLock { $0?.outcome } }
        var atNanoseconds: Int64? { state.withLock { $0?.at } }
        func set(_ outcome: BucketOutcome, at now: Int64) { state.withLock { $0 = (outcome, now) } }
    }

    let world = SimulatedTime()
    let authority: ScriptedAuthority
    let book: LeaseBook
    let store: LeasedBucketStore<ScriptedAuthority>
    /// Gateways that live.
    let nodes: Held<Int>
    /// Whether nothing is begun any more that no request waits for.
    let isEnding: Held<Bool>
    /// What was told of the store: reasons, and nil for its return.
    let told: Held<[String?]>

    init(_ rules: LeaseRules = LeaseRules()) {
        authority = ScriptedAuthority(world)
        let world = world
        let (nodes, told) = (Held(1), Held<[String?]>([]))
        var around = LeaseBook.Surroundings(
            nowNanoseconds: { world.nowNanoseconds }, sleep: { await world.sleep($0) }, jitter: { 1 },
            nodeCount: { nodes.value }, onChange: { told.append($0) })
        let isEnding = Held(false)
        around.spawn = { isEnding.value ? false : world.spawned($0) }
        book = LeaseBook(hasher: BucketKeyHasher(secret: (1, 2)), rules: rules, surroundings: around)
        store = LeasedBucketStore(book: book, authority: authority)
        self.nodes = nodes
        self.isEnding = isEnding
        self.told = told
    }

    func demand(_ limit: RateLimit, _ key: String = "k", cost: Int = 1) -> BucketDemand {
        book.hasher.prepare(limit).demand(on: key, cost: cost)
    }

    /// Starts a request; it comes to its answer while time passes.
    func start(_ demands: [BucketDemand]) -> Answer {
        let answer = Answer()
        world.spawn { [world, store] in
            let outcome = await store.take(demands, nowNanoseconds: world.nowNanoseconds)
            answer.set(outcome, at: world.nowNanoseconds)
        }
        return answer
    }

    /// Lets time pass.
    func pass(milliseconds: Int64) { world.run(until: world.nowNanoseconds + milliseconds * 1_000_000) }

    /// A request and the time until it is answered, 50 ms at most.
    func take(_ demands: BucketDemand...) -> BucketOutcome? {
        let answer = start(demands)
        for _ in 0..<500 where answer.outcome == nil { world.run(until: world.nowNanoseconds + 100_000) }
        return answer.outcome
    }

    /// Spends at a steady rate, so that the bucket is hot.
    func heat(_ demand: BucketDemand, perMillisecond: Int = 5, milliseconds: Int = 60) {
        for _ in 0..<milliseconds {
            for _ in 0..<perMillisecond { _ = start([demand]) }
            pass(milliseconds: 1)
        }
    }
}

/// A value that a closure shares with the test.
final class Held<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }
    func set(_ value: Value) { state.withLock { $0 = value } }
}

extension Held {
    func append<Element>(_ element: Element) where Value == [Element] { state.withLock { $0.append(element) } }
}

extension BucketOutcome {
    /// The decision, whoever made it.
    var admission: Admission? {
        switch self {
        case .decided(let admission), .degraded(let admission, _): admission
        case .unavailable: nil
        }
    }

    var isAdmitted: Bool { admission?.isAdmitted ?? false }

    var isDegraded: Bool {
        guard case .degraded = self else { return false }
        return true
    }
}
