import Identity
package import IntentPolicy
package import IntentProtocol

/// Who may register which agents, and where their instances may live; nobody may anything else.
package struct RegistrationGrant: Sendable {
    /// Names of agents; `*` stands for any run of characters.
    package var agents: [NamePattern]
    /// Subjects of tokens that may register.
    package var subjects: Set<String>?
    /// Roles that may register; a listed subject or a listed role is enough.
    package var roles: Set<String>?
    /// Services that may register; beside subjects or roles both must fit, alone they need no token.
    package var principals: PrincipalPatterns?
    /// What must say which service the caller is, one of these; nil takes every proof.
    package var identitySources: IdentitySources?
    /// Issuers whose tokens count; nil takes those of every issuer.
    package var issuers: Set<String>?
    /// Intents that the agent may answer; nil allows any.
    package var intents: [NamePattern]?
    /// Hosts that an instance may name; nil allows any the directory allows.
    package var hosts: [NamePattern]?

    /// A grant without subjects, roles and principals is a grant to nobody.
    package init(
        agents: [String], subjects: [String]?, roles: [String]?, principals: PrincipalPatterns? = nil,
        identitySources: IdentitySources? = nil, issuers: [String]? = nil, intents: [String]? = nil,
        hosts: [String]?
    ) {
        self.principals = principals
        self.identitySources = identitySources
        self.issuers = issuers.map(Set.init)
        self.agents = agents.map { NamePattern($0) }
        self.subjects = subjects.map(Set.init)
        self.roles = roles.map(Set.init)
        self.intents = intents.map { $0.map { NamePattern($0) } }
        self.hosts = hosts.map { $0.map { NamePattern($0) } }
    }

    /// Whether it lets this caller register this agent; where it names neither token nor service it lets nobody.
    func covers(_ caller: Caller, agent: String) -> Bool {
        guard principals != nil || subjects != nil || roles != nil else { return false }
        return coversService(caller) && coversToken(caller) && agents.contains { $0.matches(agent) }
    }

    private func coversService(_ caller: Caller) -> Bool {
        if let principals, !principals.matches(caller.service?.principal) { return false }
        guard let identitySources else { return true }
        return caller.service.map { !$0.sources.isDisjoint(with: identitySources) } ?? false
    }

    private func coversToken(_ caller: Caller) -> Bool {
        guard let token = caller.token else { return subjects == nil && roles == nil && issuers == nil }
        guard issuers?.contains(token.issuer) ?? true else { return false }
        // A policy of the mesh must not decide who may answer intents, unless the grant names its issuer.
        guard !caller.isOfAdditionalIssuer || issuers != nil else { return false }
        guard subjects != nil || roles != nil else { return true }
        return subjects?.contains(token.subject) == true || roles.map { !$0.isDisjoint(with: caller.roles) } == true
    }

    /// Whether the agent may answer these intents and live on this host.
    func covers(intents wanted: [String], host: String) -> Bool {
        let coversIntents = intents.map { allowed in
            wanted.allSatisfy { intent in allowed.contains { $0.matches(intent) } }
        }
        return coversIntents ?? true && hosts.map { $0.contains { $0.matches(host) } } ?? true
    }
}
