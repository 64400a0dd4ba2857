import Authorization
import Gateway
import GatewayConfiguration
import Identity
import Observability
import RedisState
import Synchronization

/// The issuers that policies of the mesh add to those of the configuration, with the tasks that fetch their keys.
///
/// Only where the configuration lets policies name issuers; otherwise there are none.
final class PolicyIssuers: Sendable {
    private struct State {
        var issuers: [PolicyIssuer] = []
        var refreshers: [KeySetRefresher] = []
        var shared: [SharedKeySetSource] = []
        var tasks: [Task<Void, Never>] = []
    }

    /// What requests ask.
    let active = AdditionalIssuers()
    let isAllowed: Bool
    private let configured: Set<String>
    private let cacheEntries: Int
    private let around: KeySetRefresher.Surroundings
    private let keySets: SharedKeySets?
    private let state = Mutex(State())

    /// - Parameter keySets: where the nodes of a cluster share what they fetch; nil for a node on its own.
    init(_ configuration: GatewayConfiguration, sharing keySets: SharedKeySets?, _ around: KeySetRefresher.Surroundings)
    {
        self.keySets = keySets
        isAllowed = configuration.authorization.requestAuthenticationIssuers
        configured = Set(configuration.authentication.issuers.map(\.issuer))
        cacheEntries = configuration.authentication.tokenCacheEntries
        self.around = around
    }

    /// How the keys of each stand.
    var statuses: [KeySetStatus] { refreshers.map { $0.status() } }

    var refreshers: [KeySetRefresher] { state.withLock { $0.refreshers } }

    /// Takes the issuers that these policies name; returns when their keys are there or cannot be had now.
    ///
    /// The former ones count until then. Callers take turns.
    func apply(_ policies: CompiledAuthorization?) async {
        guard isAllowed else { return }
        let wanted = PolicyIssuer.all(policies?.tokenRules ?? [], besides: configured)
        guard wanted != state.withLock({ $0.issuers }) else { return }
        let tokens = TokenVerifier(issuers: wanted.map(\.policy), cacheEntries: cacheEntries)
        // Whoever loaded the policies has made these sources before.
        let origins = wanted.compactMap { try? $0.source() }
        guard origins.count == wanted.count else { return }
        var shared: [SharedKeySetSource] = []
        let refreshers = wanted.indices.map { index in
            guard let keySets, let url = wanted[index].sharedURL else {
                return KeySetRefresher(
                    issuer: index, verifier: tokens, source: origins[index], surroundings: around)
            }
            let source = keySets.source(
                issuer: wanted[index].issuer, url: url, origin: origins[index], keyTiming: KeySetTiming())
            let refresher = KeySetRefresher(issuer: index, verifier: tokens, source: source, surroundings: around)
            keySets.watch(source, for: refresher)
            shared.append(source)
            return refresher
        }
        let tasks = refreshers.map { refresher in Task { await refresher.run() } }
        await withTaskGroup(of: Void.self) { group in
            for refresher in refreshers {
                group.addTask { await refresher.awaitFirstFetch(waitingMilliseconds: 3_000) }
            }
        }
        let keys = IssuerKeyRefreshers(refreshers: refreshers)
        active.replace(wanted.isEmpty ? nil : AdditionalIssuers.Active(tokens: tokens, keys: keys))
        let now = State(issuers: wanted, refreshers: refreshers, shared: shared, tasks: tasks)
        forget(
            state.withLock { state in
                defer { state = now }
                return state
            })
    }

    private func forget(_ former: State) {
        for task in former.tasks { task.cancel() }
        for source in former.shared { keySets?.unwatch(source) }
    }

    /// Ends the tasks, and forgets the issuers.
    func end() async {
        active.replace(nil)
        let former = state.withLock { state in
            defer { state = State() }
            return state
        }
        forget(former)
        for task in former.tasks { await task.value }
    }
}
