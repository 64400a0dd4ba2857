/// The candidates for one intent name, sorted once for every version that somebody spells out.
final class IntentRoutes: Sendable {
    private static let scannedVersionsMax = 8

    /// The name; nil for all names that nobody spells out.
    let intent: ExactText?
    /// All agents that answer the name in some version, in the order of candidates.
    let agents: [AgentRecord]
    private let versions: [(version: ExactText, candidates: [AgentRecord])]
    private let manyVersions: [ExactText: [AgentRecord]]
    private let otherVersions: [AgentRecord]

    init(intent: ExactText?, agents: [AgentRecord]) {
        self.intent = intent
        self.agents = agents
        var spelledOut: Set<ExactText> = []
        for agent in agents {
            for capability in agent.definition.capabilities
            where capability.covers(intent: intent) && !capability.coversAnyVersion {
                spelledOut.insert(capability.version)
            }
        }
        let versions = spelledOut.map { version in
            (version: version, candidates: agents.filter { $0.definition.covers(intent: intent, version: version) })
        }
        let isMany = versions.count > Self.scannedVersionsMax
        self.versions = isMany ? [] : versions
        manyVersions = isMany ? Dictionary(uniqueKeysWithValues: versions.map { ($0.version, $0.candidates) }) : [:]
        otherVersions = agents.filter { $0.definition.covers(intent: intent, version: nil) }
    }

    /// Whether somebody spells the name out; if not, the routes for unknown names say the same.
    var isSpelledOut: Bool {
        agents.contains { agent in
            agent.definition.capabilities.contains { !$0.coversAnyIntent && $0.covers(intent: intent) }
        }
    }

    func candidates(version: ExactText) -> [AgentRecord] {
        for entry in versions where entry.version == version { return entry.candidates }
        guard !manyVersions.isEmpty else { return otherVersions }
        return manyVersions[version] ?? otherVersions
    }

    /// The routes with the agent of that name taken out, and put in anew if it still answers this name.
    func replacing(_ name: ExactText, with agent: AgentRecord?) -> IntentRoutes {
        let others = agents.filter { ExactText($0.name) != name }
        let isAnswering = agent?.definition.capabilities.contains { $0.covers(intent: intent) } == true
        return IntentRoutes(
            intent: intent, agents: CandidateOrder.mended(others, with: isAnswering ? agent : nil))
    }

    /// The routes with many agents taken out, and those put in that answer this name; one may be named twice.
    func replacing(_ changed: [ExactText: AgentRecord?], with arriving: [AgentRecord]) -> IntentRoutes {
        var agents = agents.filter { changed[ExactText($0.name)] == nil }
        var names: Set<ExactText> = []
        for agent in arriving where names.insert(ExactText(agent.name)).inserted { agents.append(agent) }
        return IntentRoutes(intent: intent, agents: CandidateOrder.sorted(agents))
    }
}
