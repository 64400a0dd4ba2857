/// All agents at one moment, indexed by intent: an immutable value that is swapped as a whole.
///
/// The candidates of every intent and version are sorted when the directory changes. A lookup is one dictionary access
/// and remembers nothing, so names that nobody registered cost no memory.
package struct Directory: Sendable {
    /// Counts the changes.
    package private(set) var generation: UInt64 = 0
    private var routes: [ExactText: IntentRoutes] = [:]
    private var routesOfOthers = IntentRoutes(intent: nil, agents: [])
    private var agents: [ExactText: AgentRecord] = [:]

    /// No agents.
    package init() {}

    /// The number of agents.
    package var agentCount: Int { agents.count }

    /// Who answers an intent, in the order in which they are tried (see ``CandidateOrder``).
    package func candidates(intent: String, version: String) -> [AgentRecord] {
        (routes[ExactText(intent)] ?? routesOfOthers).candidates(version: ExactText(version))
    }

    /// The agent of that name.
    package func agent(named name: String) -> AgentRecord? { agents[ExactText(name)] }

    /// All agents, sorted by name; for listings.
    package func agentsByName() -> [AgentRecord] {
        agents.sorted { $0.key < $1.key }.map(\.value)
    }

    /// Puts one agent in, changes it, or (nil) takes it out; only the intents it answers are sorted anew.
    mutating func replace(_ name: ExactText, with agent: AgentRecord?) {
        let capabilities = (agents[name]?.definition.capabilities ?? []) + (agent?.definition.capabilities ?? [])
        agents[name] = agent
        var names = Set(capabilities.lazy.filter { !$0.coversAnyIntent }.map(\.intent))
        if capabilities.contains(where: \.coversAnyIntent) {
            routesOfOthers = routesOfOthers.replacing(name, with: agent)
            names.formUnion(routes.keys)
        }
        for intent in names {
            // A name that is new here begins with the agents that answer every name.
            let before = routes[intent] ?? IntentRoutes(intent: intent, agents: routesOfOthers.agents)
            let after = before.replacing(name, with: agent)
            routes[intent] = after.isSpelledOut ? after : nil
        }
        generation += 1
    }

    /// Puts many agents in or out at once; each intent they answer is sorted anew once.
    mutating func replaceAll(_ changes: [ExactText: AgentRecord?]) {
        guard changes.count > 1 else {
            for (name, agent) in changes { replace(name, with: agent) }
            return
        }
        var arriving: [ExactText: [AgentRecord]] = [:]
        var arrivingForAny: [AgentRecord] = []
        var touchesAny = false
        for (name, agent) in changes {
            for capability in agents[name]?.definition.capabilities ?? [] {
                if capability.coversAnyIntent {
                    touchesAny = true
                } else {
                    arriving[capability.intent, default: []] += []
                }
            }
            agents[name] = agent
            guard let agent else { continue }
            for capability in agent.definition.capabilities where !capability.coversAnyIntent {
                arriving[capability.intent, default: []].append(agent)
            }
            if agent.definition.capabilities.contains(where: \.coversAnyIntent) { arrivingForAny.append(agent) }
        }
        if touchesAny || !arrivingForAny.isEmpty {
            routesOfOthers = routesOfOthers.replacing(changes, with: arrivingForAny)
            for intent in routes.keys { arriving[intent, default: []] += [] }
        }
        for (intent, agents) in arriving {
            let before = routes[intent] ?? IntentRoutes(intent: intent, agents: routesOfOthers.agents)
            let after = before.replacing(changes, with: agents + arrivingForAny)
            routes[intent] = after.isSpelledOut ? after : nil
        }
        generation += 1
    }

    /// All agents, in no order.
    var allAgents: [AgentRecord] { Array(agents.values) }

    /// Whether an agent spells this name out; a name that only `*` answers is the caller's own invention.
    package func isIndexed(_ intent: String) -> Bool { routes[ExactText(intent)] != nil }
}
