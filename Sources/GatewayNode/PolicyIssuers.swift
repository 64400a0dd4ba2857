import Authorization
import Gateway
import GatewayConfiguration
import Identity
import Observability
import Synchronization

/// The issuers that policies of the mesh add to those of the configuration, with the tasks that fetch their keys.
///
/// Only where the configuration lets policies name issuers; otherwise there are none.
final class PolicyIssuers: Sendable {
    private struct State {
        var issuers: [PolicyIssuer] = []
        var refreshers: [KeySetRefresher] = []
        var tasks: [Task<Void, Never>] = []
    }

    /// What requests ask.
    let active = AdditionalIssuers()
    let isAllowed: Bool
    private let configured: Set<String>
    private let cacheEntries: Int
    private let around: KeySetRefresher.Surroundings
    private let state = Mutex(State())

    init(_ configuration: GatewayConfiguration, _ around: KeySetRefresher.Surroundings) {
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
        let refreshers = wanted.enumerated().compactMap { index, issuer in
            // Whoever loaded the policies has made this source before.
            (try? issuer.source()).map {
                KeySetRefresher(issuer: index, verifier: tokens, source: $0, surroundings: around)
            }
        }
        guard refreshers.count == wanted.count else { return }
        let tasks = refreshers.map { refresher in Task { await refresher.run() } }
        await withTaskGroup(of: Void.self) { group in
            for refresher in refreshers {
                group.addTask { await refresher.awaitFirstFetch(waitingMilliseconds: 3_000) }
            }
        }
        let keys = IssuerKeyRefreshers(refreshers: refreshers)
        active.replace(wanted.isEmpty ? nil : AdditionalIssuers.Active(tokens: tokens, keys: keys))
        let former = state.withLock { state in
            defer { state = State(issuers: wanted, refreshers: refreshers, tasks: tasks) }
            return state.tasks
        }
        for task in former { task.cancel() }
    }

    /// Ends the tasks, and forgets the issuers.
    func end() async {
        active.replace(nil)
        let tasks = state.withLock { state in
            defer { state = State() }
            return state.tasks
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
