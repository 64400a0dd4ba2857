import Identity
package import IntentPolicy

/// Who may register which agents, and where their instances may live; nobody may anything else.
package struct RegistrationGrant: Sendable {
    /// Names of agents; `*` stands for any run of characters.
    package var agents: [NamePattern]
    /// Subjects of tokens that may register.
    package var subjects: Set<String>?
    /// Roles that may register; a listed subject or a listed role is enough.
    package var roles: Set<String>?
    /// Issuers whose tokens count; nil takes those of every issuer.
    package var issuers: Set<String>?
    /// Intents that the agent may answer; nil allows any.
    package var intents: [NamePattern]?
    /// Hosts that an instance may name; nil allows any the directory allows.
    package var hosts: [NamePattern]?

    /// A grant without subjects and roles is a grant to nobody.
    package init(
        agents: [String], subjects: [String]?, roles: [String]?, issuers: [String]? = nil, intents: [String]? = nil,
        hosts: [String]?
    ) {
        self.issuers = issuers.map(Set.init)
        self.agents = agents.map { NamePattern($0) }
        self.subjects = subjects.map(Set.init)
        self.roles = roles.map(Set.init)
        self.intents = intents.map { $0.map { NamePattern($0) } }
        self.hosts = hosts.map { $0.map { NamePattern($0) } }
    }

    /// Whether it lets this caller register this agent; without a subject list and a role list it lets nobody.
    func covers(_ caller: Caller, agent: String) -> Bool {
        guard let token = caller.token, issuers?.contains(token.issuer) ?? true else { return false }
        // A policy of the mesh must not decide who may answer intents, unless the grant names its issuer.
        guard !caller.isOfAdditionalIssuer || issuers != nil else { return false }
        let subject = token.subject
        let isListed = subjects?.contains(subject) == true || roles.map { !$0.isDisjoint(with: caller.roles) } == true
        return isListed && agents.contains { $0.matches(agent) }
    }

    /// Whether the agent may answer these intents and live on this host.
    func covers(intents wanted: [String], host: String) -> Bool {
        let coversIntents = intents.map { allowed in
            wanted.allSatisfy { intent in allowed.contains { $0.matches(intent) } }
        }
        return coversIntents ?? true && hosts.map { $0.contains { $0.matches(host) } } ?? true
    }
}
