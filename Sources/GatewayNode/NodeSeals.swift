import Documents
import Encryption
import Gateway
import GatewayConfiguration
import Identity
import IntentPolicy
import Observability
import Synchronization

/// The key ring of a node: read at the start, watched while it runs, a broken one refused, a new key held back until all have it.
final class NodeSeals: Sendable {
    let holder: KeyRingHolder
    let source: KeyRingSource
    let rotation: GatewayConfiguration.KeyRotation
    /// How often a source of secrets is asked.
    let refreshSeconds: Int
    private let consent: Mutex<KeyConsent>
    /// Held while a ring is read and put in force, or an older one could come after a newer one.
    private let turn = Mutex(())
    private let told = Mutex(Told())
    private let refused = Atomic(0)

    /// What was said of the ring last.
    private struct Told {
        var findings: [String] = []
        var waiting: Set<String> = []
        /// Why the last look brought no ring; nil when it did.
        var trouble: String?
    }

    /// How long two nodes may differ before one is told to lag behind.
    private static let lagMilliseconds: Int64 = 10_000

    /// Reads the ring; nil, and the faults noted, when it cannot be used.
    init?(
        _ sealing: GatewayConfiguration.Sealing, _ secrets: NodeSecrets, environment: [String: String],
        into diagnostics: Diagnostics
    ) {
        let source = KeyRingSource(sealing, secrets, environment: environment)
        guard let ring = source.read(into: diagnostics) else { return nil }
        self.source = source
        rotation = sealing.rotation
        refreshSeconds = sealing.refreshSeconds
        holder = KeyRingHolder(ring)
        consent = Mutex(KeyConsent(patienceMilliseconds: Int64(sealing.rotation.patienceSeconds) * 1_000))
    }

    /// What came of looking at the source.
    enum Refresh {
        case unchanged
        /// Another ring is in force; the ids of keys that came, and of those that left.
        case replaced(added: [String], removed: [String])
        /// The ring cannot be used: the former one stays in force. A look at what was refused before brings nothing new.
        case refused([Diagnostic], isNew: Bool)
    }

    /// What is to be told of the ring that was not told before.
    struct News {
        /// All that an operator should see to; nil when it is as before.
        var findings: [String]?
        /// The keys whose time has come and that wait for other nodes; nil when they are as before.
        var waiting: Set<String>?
    }

    /// Reads the ring anew when it changed, or when that is asked for.
    ///
    /// - Parameter others: what the other nodes hold, which decides whether a new key seals at once.
    func refresh(isAsked: Bool = false, _ others: KeyConsent.Others, nowUnixMilliseconds now: Int64) -> Refresh {
        turn.withLock { _ in
            // Looked at in any case, so that what is read now is not read again.
            let hasChanged = source.hasChanged()
            guard hasChanged || isAsked else { return .unchanged }
            let diagnostics = Diagnostics()
            guard let ring = source.read(into: diagnostics) else {
                let isSame = isRepeated(diagnostics.errors.first?.description ?? "")
                return .refused(diagnostics.errors, isNew: hasChanged || !isSame)
            }
            let waiting = consent.withLock { $0.heldBack(ring, others, nowUnixMilliseconds: now) }
            let former = Set(holder.replace(with: ring.holdingBack(waiting)).keys.map(\.id))
            let ids = Set(ring.keys.map(\.id))
            return .replaced(added: ids.subtracting(former).sorted(), removed: former.subtracting(ids).sorted())
        }
    }

    /// Counts a look that brought no ring which can be used.
    ///
    /// - Parameter trouble: what was wrong, in the same words as long as it is the same.
    /// - Returns: whether the last look found the same.
    func isRepeated(_ trouble: String) -> Bool {
        refused.add(1, ordering: .relaxed)
        return told.withLock { told in
            defer { told.trouble = trouble }
            return told.trouble == trouble
        }
    }

    /// Notes that a look brought the ring.
    ///
    /// - Returns: whether the one before had not.
    func endTrouble() -> Bool {
        told.withLock { told in
            defer { told.trouble = nil }
            return told.trouble != nil
        }
    }

    /// Decides which keys seal, by what the other nodes hold, and looks at what an operator should know; for a timer.
    func settle(_ others: KeyConsent.Others, nowUnixMilliseconds now: Int64) -> News {
        let (ring, lacking) = turn.withLock { _ in
            let ring = holder.current
            let (waiting, lacking) = consent.withLock { consent in
                (
                    consent.heldBack(ring, others, nowUnixMilliseconds: now),
                    consent.lacking(
                        ring, others, toleranceMilliseconds: Self.lagMilliseconds, nowUnixMilliseconds: now)
                )
            }
            holder.holdBack(waiting)
            return (holder.current, lacking)
        }
        var findings = ring.findings(atUnixMilliseconds: now).map(\.description)
        if !lacking.isEmpty {
            findings.append("other nodes hold keys that this one has not got: \(lacking.joined(separator: ", "))")
        }
        let begun = Set(ring.keys.filter { $0.activeFromMilliseconds <= now }.map(\.id))
        let waiting = ring.heldBack.intersection(begun)
        return told.withLock { told in
            var news = News()
            if told.findings != findings { news.findings = findings }
            if told.waiting != waiting { news.waiting = waiting }
            (told.findings, told.waiting) = (findings, waiting)
            return news
        }
    }

    /// The ids that other nodes are told: of keys that open something yet.
    func idsToTell(nowUnixMilliseconds now: Int64) -> [String] {
        holder.current.keys.filter { $0.isAlive(atUnixMilliseconds: now) }.map(\.id)
    }

    /// How many looks brought no ring since the start.
    var refusedCount: Int { refused.load(ordering: .relaxed) }
}

extension EnvelopeSeals {
    convenience init(
        _ configuration: GatewayConfiguration.Sealing, _ ring: KeyRingHolder, replays: any ReplayCache, isShared: Bool
    ) {
        var opening = EMCLRules()
        opening.ageMillisecondsMax = Int64(configuration.windowSeconds) * 1_000
        opening.aheadMillisecondsMax = opening.ageMillisecondsMax
        let asksNode = isShared && configuration.onReplayUnknown == .local
        self.init(
            ring: ring, rules: SealRules(configuration), opening: opening, replays: replays,
            replaysOfNode: asksNode ? MemoryReplayCache(nowNanoseconds: Timestamp.monotonicNanoseconds) : nil)
    }
}

extension SealRules {
    init(_ configuration: GatewayConfiguration.Sealing) {
        self.init()
        clients = SealDemand(configuration.clients)
        if let profiles = Self.profiles(configuration.clientProfiles) { clientProfiles = profiles }
        workers = SealDemand(configuration.workers)
        workerProfile = EMCLProfile(configuration.workerProfile)
        rules = configuration.rules.map { stated in
            var rule = Rule()
            rule.intents = stated.intents.isEmpty ? nil : stated.intents.map { NamePattern($0) }
            rule.agents = stated.agents.isEmpty ? nil : stated.agents.map { NamePattern($0) }
            rule.clients = stated.clients.map(SealDemand.init)
            rule.clientProfiles = Self.profiles(stated.clientProfiles)
            rule.workers = stated.workers.map(SealDemand.init)
            rule.workerProfile = stated.workerProfile.map(EMCLProfile.init)
            return rule
        }
    }

    private static func profiles(_ stated: [GatewayConfiguration.SealProfile]) -> EMCLProfiles? {
        stated.isEmpty ? nil : EMCLProfiles(stated.map(EMCLProfile.init))
    }
}

extension SealDemand {
    init(_ stated: GatewayConfiguration.SealDemand) {
        switch stated {
        case .off: self = .off
        case .accepted: self = .accepted
        case .required: self = .required
        }
    }
}

extension EMCLProfile {
    init(_ stated: GatewayConfiguration.SealProfile) {
        switch stated {
        case .v1: self = .v1
        case .v2: self = .v2
        }
    }
}
