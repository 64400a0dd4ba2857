import Testing

@testable import Routing

/// Who is tried first where some agents are configured and others registered.
@Suite("The order of candidates")
struct CandidateOrderTests {
    @Test(
        "a registered agent passes no configured one of the same or a better priority, whatever it says of name and node",
        arguments: [
            // c: configured, r: registered; a node after @, the priority after the colon.
            (["c z:100", "r a:100"], ["z", "a"]),
            (["c z@n:100", "r a:100"], ["z", "a"]),
            (["c z:200", "r a:100"], ["a", "z"]),
            (["c z:200", "c y@n:100", "r a:100"], ["z", "y", "a"]),
            (["c z:100", "c y@n:300", "r a:200", "r b@n:100"], ["z", "a", "b", "y"]),
            (["r b:100", "r a@n:50", "r c:70"], ["c", "b", "a"]),
        ])
    func order(agents: [String], names: [String]) throws {
        let records = agents.map(Self.record)
        for records in [records, records.reversed()] {
            #expect(CandidateOrder.sorted(records).map(\.name) == names)
            let oneByOne = records.reduce(into: []) { $0 = CandidateOrder.mended($0, with: $1) }
            #expect(oneByOne.map(\.name) == names)
        }
    }

    @Test("random agents: each kind keeps its own order, and nobody passes a configured one of as good a priority")
    func property() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<500 {
            let records = (0..<Int.random(in: 0...9, using: &random)).map { number in
                let node = Bool.random(using: &random) ? "@n" : ""
                let kind = Bool.random(using: &random) ? "c" : "r"
                return Self.record("\(kind) a\(number)\(node):\(Int.random(in: 1...3, using: &random))")
            }
            let order = CandidateOrder.sorted(records.shuffled(using: &random))
            for isConfigured in [true, false] {
                let kind = order.filter { $0.isConfigured == isConfigured }.map(\.definition)
                #expect(kind == kind.sorted(by: AgentDefinition.precedes))
            }
            for (place, agent) in order.enumerated() where !agent.isConfigured {
                for passed in order[place...] where passed.isConfigured {
                    #expect(passed.definition.nodePriority > agent.definition.nodePriority)
                }
            }
        }
    }

    @Test("a registered agent gets the best priority allowed when it asks for a better one, also by way of other nodes")
    func clamped() throws {
        var limits = DirectoryLimits()
        #expect(limits.registeredNodePriorityMin == 100)
        limits.registeredNodePriorityMin = 50
        let store = DirectoryStore(limits: limits)
        for (name, asked, given) in [("a", -5, 50), ("b", 50, 50), ("c", 60, 60)] {
            let definition = AgentDefinition(
                name: name, nodePriority: asked, capabilities: [Capability(intent: "E", version: "1.0")])
            let request = RegistrationRequest(
                definition: definition, instanceId: "i", url: "http://10.0.0.1/", timeToLiveMilliseconds: 10_000,
                owner: "svc")
            #expect(try store.register(request, nowNanoseconds: 0) == .registered)
            #expect(store.snapshot.agent(named: name)?.definition.nodePriority == given)
            #expect(try store.register(request, nowNanoseconds: 0) == .renewed)
            let shared = try SharedAgent(
                definition: definition, owner: "svc", instances: [("i", "http://10.0.0.1/")], limits: limits
            ) { Issue.record("\($0) \($1)") }
            let generation = store.snapshot.generation
            store.applyShared([shared], absence: .leaves, nowNanoseconds: 0)
            #expect(store.snapshot.agent(named: name)?.definition.nodePriority == given)
            #expect(store.snapshot.generation == generation)
        }
        let other = DirectoryStore(limits: limits)
        let shared = try SharedAgent(
            definition: AgentDefinition(
                name: "a", nodePriority: 1, capabilities: [Capability(intent: "E", version: "1.0")]),
            owner: "svc", instances: [("i", "http://10.0.0.1/")], limits: limits
        ) { Issue.record("\($0) \($1)") }
        other.applyShared([shared], absence: .leaves, nowNanoseconds: 0)
        #expect(other.snapshot.agent(named: "a")?.definition.nodePriority == 50)
    }

    private static func record(_ text: String) -> AgentRecord {
        let parts = text.split(separator: " ")
        let sides = parts[1].split(separator: ":")
        let place = sides[0].split(separator: "@").map(String.init)
        return AgentRecord(
            definition: AgentDefinition(
                name: place[0], nodeId: place.count > 1 ? place[1] : nil, nodePriority: Int(sides[1]) ?? 0,
                capabilities: [Capability(intent: "E", version: "1.0")]),
            source: parts[0] == "c" ? .configuration : .registration(owner: "svc"), instances: [])
    }
}
