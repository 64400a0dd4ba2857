/// The order in which the agents that answer an intent are tried.
///
/// Configured agents among themselves, and registered ones among themselves: local first, then by priority, then by name.
/// A registered agent comes after every configured one whose priority is as good as its own, wherever that one lives: what
/// a registrant says of its name and its node lets it pass nobody that the operator named.
enum CandidateOrder {
    /// All of them in order.
    static func sorted(_ agents: [AgentRecord]) -> [AgentRecord] {
        merged(
            agents.filter(\.isConfigured).sorted(by: precedes), agents.filter { !$0.isConfigured }.sorted(by: precedes))
    }

    /// The order anew after an agent came or left, of agents that are in the order before.
    ///
    /// - Parameter agent: who came, nil when somebody only left.
    static func mended(_ agents: [AgentRecord], with agent: AgentRecord?) -> [AgentRecord] {
        var configured = agents.filter(\.isConfigured)
        var registered = agents.filter { !$0.isConfigured }
        if let agent {
            if agent.isConfigured { insert(agent, into: &configured) } else { insert(agent, into: &registered) }
        }
        return merged(configured, registered)
    }

    private static func insert(_ agent: AgentRecord, into agents: inout [AgentRecord]) {
        agents.insert(agent, at: agents.firstIndex { precedes(agent, $0) } ?? agents.count)
    }

    private static func precedes(_ left: AgentRecord, _ right: AgentRecord) -> Bool {
        AgentDefinition.precedes(left.definition, right.definition)
    }

    private static func merged(_ configured: [AgentRecord], _ registered: [AgentRecord]) -> [AgentRecord] {
        guard !configured.isEmpty, !registered.isEmpty else { return configured + registered }
        // The best priority among each configured agent and those behind it: who stands behind that one would pass it.
        var best = configured.map(\.definition.nodePriority)
        for place in best.indices.dropLast().reversed() { best[place] = min(best[place], best[place + 1]) }
        var order: [AgentRecord] = []
        order.reserveCapacity(configured.count + registered.count)
        var next = 0
        for agent in registered {
            while next < configured.count, best[next] <= agent.definition.nodePriority {
                order.append(configured[next])
                next += 1
            }
            order.append(agent)
        }
        return order + configured[next...]
    }
}
