/// Who may register which agents, and where their instances may live; nobody may anything else.
package struct RegistrationGrant: Sendable {
    /// Names of agents; `*` stands for any run of characters.
    package var agents: [Wildcard]
    /// Subjects of tokens; nil asks for none.
    package var subjects: Set<String>?
    /// Roles of which the caller must have one; nil asks for none.
    package var roles: Set<String>?
    /// Hosts that an instance may name; nil allows any the directory allows.
    package var hosts: [Wildcard]?

    /// - Precondition: subjects or roles are given; a grant to everybody is not expressed by leaving both out.
    package init(agents: [String], subjects: [String]?, roles: [String]?, hosts: [String]?) {
        self.agents = agents.map(Wildcard.init)
        self.subjects = subjects.map(Set.init)
        self.roles = roles.map(Set.init)
        self.hosts = hosts.map { $0.map(Wildcard.init) }
    }

    /// Whether it lets this caller register this agent; without a subject list and a role list it lets nobody.
    func covers(_ caller: Caller, agent: String) -> Bool {
        guard subjects != nil || roles != nil, let subject = caller.subject else { return false }
        if let subjects, !subjects.contains(subject) { return false }
        if let roles, roles.isDisjoint(with: caller.roles) { return false }
        return agents.contains { $0.matches(agent) }
    }

    /// Whether an instance may live on this host.
    func covers(host: String) -> Bool {
        hosts.map { $0.contains { $0.matches(host) } } ?? true
    }
}

/// A pattern over a whole name in which `*` stands for any run of characters, the empty one too.
package struct Wildcard: Sendable, Hashable {
    private let pattern: [UInt8]

    package init(_ pattern: String) {
        self.pattern = Array(pattern.utf8)
    }

    /// Linear in pattern and name together for one star, and never worse than their product.
    package func matches(_ name: String) -> Bool {
        let name = Array(name.utf8)
        var at = 0
        var index = 0
        var star: (pattern: Int, name: Int)?
        while index < name.count {
            if at < pattern.count, pattern[at] == UInt8(ascii: "*") {
                star = (at, index)
                at += 1
            } else if at < pattern.count, pattern[at] == name[index] {
                at += 1
                index += 1
            } else if let last = star {
                at = last.pattern + 1
                index = last.name + 1
                star = (last.pattern, index)
            } else {
                return false
            }
        }
        return pattern[at...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
