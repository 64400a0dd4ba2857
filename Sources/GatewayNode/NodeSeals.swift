import CertificateFiles
import Documents
import Encryption
import Foundation
import Gateway
import GatewayConfiguration
import Identity
import IntentPolicy
import Observability
import Synchronization

/// The key ring of a node and its file: read at the start, watched while it runs, a broken one refused.
final class NodeSeals: Sendable {
    let holder: KeyRingHolder
    private let path: String
    private let watched: Mutex<WatchedFile>

    /// Reads the ring; nil, and the faults noted, when it cannot be used.
    init?(file path: String, into diagnostics: Diagnostics) {
        // Noted before it is read: a file that changes in between is then read again, not missed.
        let file = WatchedFile(path: path)
        guard let ring = Self.read(path, into: diagnostics) else { return nil }
        self.path = path
        holder = KeyRingHolder(ring)
        watched = Mutex(file)
    }

    /// What came of looking at the file.
    enum Refresh {
        case unchanged
        /// Another ring is in force; the ids of keys that came, and of those that left.
        case replaced(added: [String], removed: [String])
        /// The file cannot be used: the former ring stays in force.
        case refused([Diagnostic])
    }

    /// Reads the file anew when it changed, or when that is asked for.
    func refresh(isAsked: Bool = false) -> Refresh {
        guard watched.withLock({ $0.hasChanged() }) || isAsked else { return .unchanged }
        let diagnostics = Diagnostics()
        guard let ring = Self.read(path, into: diagnostics) else { return .refused(diagnostics.errors) }
        let former = Set(holder.replace(with: ring).keys.map(\.id))
        let now = Set(ring.keys.map(\.id))
        return .replaced(added: now.subtracting(former).sorted(), removed: former.subtracting(now).sorted())
    }

    private static func read(_ path: String, into diagnostics: Diagnostics) -> KeyRing? {
        guard let bytes = FileManager.default.contents(atPath: path) else {
            // That it is not there was said where it is named.
            diagnostics.error("the key ring '\(path)' cannot be read", at: nil)
            return nil
        }
        do throws(DiagnosticError) { return try KeyRingDocument.read(Array(bytes), file: path) } catch {
            diagnostics.add(error.diagnostics)
            return nil
        }
    }
}

extension EnvelopeSeals {
    init(
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

    private static func profiles(_ stated: [GatewayConfiguration.SealProfile]) -> Set<EMCLProfile>? {
        stated.isEmpty ? nil : Set(stated.map(EMCLProfile.init))
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
