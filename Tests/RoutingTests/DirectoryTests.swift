import Routing
import Testing

@Suite("Directory")
struct DirectoryTests {
    @Test("local before remote, then priority, then name by code point")
    func order() throws {
        let store = DirectoryStore()
        let names = ["b", "a", "B", "é", "z", "e\u{301}", "\u{FF21}", "\u{1F600}"]
        var agents = names.map { agent($0, [("E", "1.0")]) }
        agents.append(agent("first", [("E", "1.0")], priority: -1))
        agents.append(agent("0remote", [("E", "1.0")], node: "n", priority: -9))
        try store.replaceStatic(agents.shuffled())
        let found = store.snapshot.candidates(intent: "E", version: "1.0").map(\.name)
        // UTF-16 would put the emoji before the full-width letter.
        let expected = ["first", "B", "a", "b", "e\u{301}", "z", "é", "\u{FF21}", "\u{1F600}", "0remote"]
        #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
    }

    @Test("names that only look the same are different names")
    func codePoints() throws {
        let store = DirectoryStore()
        try store.replaceStatic([agent("one", [("\u{e9}", "1.0")]), agent("two", [("e\u{301}", "1.0")])])
        #expect(store.snapshot.candidates(intent: "\u{e9}", version: "1.0").map(\.name) == ["one"])
        #expect(store.snapshot.candidates(intent: "e\u{301}", version: "1.0").map(\.name) == ["two"])
    }

    @Test("unknown names find the agents for every name, and are not remembered")
    func unknownNames() throws {
        let store = DirectoryStore()
        try store.replaceStatic([agent("any", [("*", "*")]), agent("e", [("E", "1.0")]), agent("v2", [("*", "2.0")])])
        let directory = store.snapshot
        #expect(directory.candidates(intent: "Q", version: "1.0").map(\.name) == ["any"])
        #expect(directory.candidates(intent: "Q", version: "2.0").map(\.name) == ["any", "v2"])
        #expect(directory.candidates(intent: "E", version: "1.0").map(\.name) == ["any", "e"])
        #expect(directory.candidates(intent: "E", version: "2.0").map(\.name) == ["any", "v2"])
        #expect(directory.candidates(intent: "E", version: "9").map(\.name) == ["any"])
        #expect(directory.candidates(intent: "e", version: "1.0").map(\.name) == ["any"])
    }

    @Test("many versions of one intent are found as well as few")
    func manyVersions() throws {
        let store = DirectoryStore()
        let versions = (0..<40).map { ("E", "\($0).0") }
        try store.replaceStatic([agent("all", [("E", "*")]), agent("many", versions)])
        for version in 0..<40 {
            let found = store.snapshot.candidates(intent: "E", version: "\(version).0")
            #expect(found.map(\.name) == ["all", "many"])
        }
        #expect(store.snapshot.candidates(intent: "E", version: "40.0").map(\.name) == ["all"])
    }

    @Test("after any history the index says what a plain search says", arguments: 1...25 as ClosedRange<UInt64>)
    func history(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let intents = ["*", "E", "F", "G"]
        let versions = ["*", "1.0", "2.0"]
        let store = DirectoryStore()
        var current: [String: ConfiguredAgent] = [:]
        for _ in 0..<40 {
            let name = "agent\(Int.random(in: 0..<8, using: &random))"
            if current[name] != nil, Bool.random(using: &random) {
                current[name] = nil
            } else {
                let capabilities = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    (intents.randomElement(using: &random) ?? "*", versions.randomElement(using: &random) ?? "*")
                }
                let node = Bool.random(using: &random) ? "n" : nil
                let priority = Int.random(in: 0...2, using: &random)
                current[name] = agent(name, capabilities, node: node, priority: priority)
            }
            try store.replaceStatic(Array(current.values))
            for intent in ["*", "E", "F", "G", "H"] {
                for version in ["*", "1.0", "2.0", "3.0"] {
                    let found = store.snapshot.candidates(intent: intent, version: version).map(\.name)
                    #expect(found == search(current, intent, version))
                }
            }
        }
    }

    /// The reference: every agent looked at, sorted by the rule of the wire.
    private func search(_ agents: [String: ConfiguredAgent], _ intent: String, _ version: String) -> [String] {
        agents.values.map(\.definition).filter { definition in
            definition.capabilities.contains {
                ($0.intent.text == intent || $0.intent.text == "*")
                    && ($0.version.text == version || $0.version.text == "*")
            }
        }.sorted {
            ($0.isRemote ? 1 : 0, $0.nodePriority, $0.name) < ($1.isRemote ? 1 : 0, $1.nodePriority, $1.name)
        }.map(\.name)
    }
}

func agent(
    _ name: String, _ capabilities: [(String, String)], node: String? = nil, priority: Int = 100,
    instances: [ConfiguredAgent.Instance] = []
) -> ConfiguredAgent {
    ConfiguredAgent(
        definition: AgentDefinition(
            name: name, nodeId: node, nodePriority: priority,
            capabilities: capabilities.map { Capability(intent: $0.0, version: $0.1) }),
        instances: instances)
}
