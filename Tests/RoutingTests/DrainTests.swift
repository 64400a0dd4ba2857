import IntentProtocol
import Testing

@testable import Routing

@Suite("Draining agents and instances")
struct DrainTests {
    private func store(_ names: [String], instances: [String] = ["1", "2"]) throws -> DirectoryStore {
        let store = DirectoryStore()
        try store.replaceStatic(
            try names.map { name in
                ConfiguredAgent(
                    definition: AgentDefinition(
                        name: name, nodeId: nil, nodePriority: 100,
                        capabilities: [Capability(intent: "A", version: "1.0")]),
                    instances: try instances.map {
                        .init(id: $0, url: try InstanceURL(parsing: "http://127.0.0.1:9\($0)/\(name)"))
                    })
            })
        return store
    }

    @Test("a drained instance is never chosen, not even as the last resort; calls under way keep their place")
    func selection() throws {
        let store = try store(["a"])
        let agent = try #require(store.snapshot.agent(named: "a"))
        let lease = agent.instances[0].state.begin(nowNanoseconds: 0)
        store.drain(DrainMarks([.init(agent: "a", instance: "1")]))
        for random in 0..<64 as Range<UInt64> {
            let picked = InstanceSelector.pick(
                from: agent.instances, nowNanoseconds: 0, random: random &* 0x9E37_79B9_7F4A_7C15)
            #expect(picked == 1)
        }
        #expect(agent.instances[0].state.inFlight == 1)
        lease.succeeded(nowNanoseconds: 8_000)
        #expect(agent.instances[0].state.inFlight == 0 && agent.instances[0].state.latencyNanoseconds == 8_000)
        store.drain(DrainMarks([.init(agent: "a")]))
        #expect(InstanceSelector.pick(from: agent.instances, nowNanoseconds: 0, random: 7) == nil)
        store.drain(DrainMarks())
        #expect(InstanceSelector.pick(from: agent.instances, nowNanoseconds: 0, random: 7) != nil)
    }

    @Test("an agent that comes in under a drained name comes in drained")
    func later() throws {
        let store = try store([])
        store.drain(DrainMarks([.init(agent: "a")]))
        try store.replaceStatic([])
        let other = try self.store(["a"])
        #expect(other.snapshot.agent(named: "a")?.isDrained == false)
        try store.replaceStatic([
            ConfiguredAgent(
                definition: AgentDefinition(
                    name: "a", nodeId: nil, nodePriority: 1, capabilities: [Capability(intent: "A", version: "1.0")]),
                instances: [.init(id: "1", url: try InstanceURL(parsing: "http://127.0.0.1:9/x"))])
        ])
        #expect(store.snapshot.agent(named: "a")?.isDrained == true)
        #expect(store.listing(nowNanoseconds: 0).first?.instances.first?.isDrained == true)
    }

    @Test("a drained agent is passed over where another one answers, and stays where it is the only one")
    func candidates() throws {
        let store = try store(["a", "b"])
        func names() throws -> [String] {
            try RoutePlan.eligible(
                registered: store.snapshot.candidates(intent: "A", version: "1.0"), strategy: .fallback,
                targetAgent: nil, intent: "A"
            ).map(\.name)
        }
        #expect(try names() == ["a", "b"])
        store.drain(DrainMarks([.init(agent: "a")]))
        #expect(try names() == ["b"])
        store.drain(DrainMarks([.init(agent: "a"), .init(agent: "b")]))
        #expect(try names() == ["a", "b"])
    }
}
