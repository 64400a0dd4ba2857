package import Encryption
package import IntentPolicy

/// Whether messages must be sealed, may be, or must not.
package enum SealDemand: String, Sendable, Hashable, CaseIterable {
    /// Sealed messages are refused, and none is sent.
    case off
    /// Both are taken: a sealed request is answered sealed; an agent is called sealed and may answer plainly.
    case accepted
    /// Plain messages are refused.
    case required
}

/// What is sealed on the way through a gateway: by intent between clients and the gateway, by intent and agent behind it.
///
/// Each side is decided by the first rule that matches and says something of it, else by the default.
package struct SealRules: Sendable {
    /// One rule.
    package struct Rule: Sendable {
        /// Names of intents; nil matches every one.
        package var intents: [NamePattern]?
        /// Names of agents; nil matches every one. A rule with agents says nothing of clients.
        package var agents: [NamePattern]?
        /// Requests of clients and their answers; nil says nothing of them.
        package var clients: SealDemand?
        /// The profiles in which clients may seal; nil leaves the default.
        package var clientProfiles: EMCLProfiles?
        /// Calls of workers and their replies; nil says nothing of them.
        package var workers: SealDemand?
        /// The profile in which workers are called; nil leaves the default.
        package var workerProfile: EMCLProfile?

        /// A rule that matches everything and says nothing.
        package init() {}
    }

    /// In the order in which they count.
    package var rules: [Rule] = []
    /// Where no rule says anything of clients.
    package var clients = SealDemand.accepted
    /// Where no rule says in which profiles clients may seal.
    package var clientProfiles: EMCLProfiles = [.v2]
    /// Where no rule says anything of workers.
    package var workers = SealDemand.off
    /// Where no rule says in which profile workers are called.
    package var workerProfile = EMCLProfile.v2

    /// Clients may seal, workers are called plainly.
    package init() {}

    /// Every profile that some client may seal in: others are refused before anything is opened.
    package var profilesOfClients: EMCLProfiles {
        rules.reduce(clientProfiles) { $0.union($1.clientProfiles ?? []) }
    }

    /// What holds for the requests of an intent.
    package func ofClients(intent: String) -> (demand: SealDemand, profiles: EMCLProfiles) {
        var demand: SealDemand?
        var profiles: EMCLProfiles?
        for rule in rules where rule.agents == nil && rule.matches(intent: intent) {
            demand = demand ?? rule.clients
            profiles = profiles ?? rule.clientProfiles
        }
        return (demand ?? clients, profiles ?? clientProfiles)
    }

    /// What holds for the calls of an agent by an intent.
    package func ofWorkers(intent: String, agent: String) -> (demand: SealDemand, profile: EMCLProfile) {
        var demand: SealDemand?
        var profile: EMCLProfile?
        for rule in rules where rule.matches(intent: intent) && rule.matches(agent: agent) {
            demand = demand ?? rule.workers
            profile = profile ?? rule.workerProfile
        }
        return (demand ?? workers, profile ?? workerProfile)
    }
}

extension SealRules.Rule {
    fileprivate func matches(intent: String) -> Bool { intents.map { $0.contains { $0.matches(intent) } } ?? true }

    fileprivate func matches(agent: String) -> Bool { agents.map { $0.contains { $0.matches(agent) } } ?? true }
}
