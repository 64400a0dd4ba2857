import IntentProtocol
import Testing

@testable import Routing

private let second: Int64 = 1_000_000_000

@Suite("Agents shared by other nodes")
struct SharedAgentsTests {
    @Test("many changes at once come to the same as one after another", arguments: 0..<20)
    func replaceAll(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        var (one, many) = (Directory(), Directory())
        for _ in 0..<15 {
            var changes: [ExactText: AgentRecord?] = [:]
            for _ in 0..<Int.random(in: 0...8, using: &random) {
                let name = "a\(Int.random(in: 0..<10, using: &random))"
                let capabilities = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    Capability(
                        intent: ["E", "F", "G", "*"].randomElement(using: &random)!,
                        version: ["1.0", "2.0", "*"].randomElement(using: &random)!)
                }
                let definition = AgentDefinition(
                    name: name, nodeId: ["", "n"].randomElement(using: &random),
                    nodePriority: Int.random(in: 0..<3, using: &random), capabilities: capabilities)
                let source: AgentRecord.Source =
                    Bool.random(using: &random) ? .configuration : .registration(owner: "svc")
                let isGone = Int.random(in: 0..<3, using: &random) == 0
                changes[ExactText(name)] = .some(
                    isGone ? nil : AgentRecord(definition: definition, source: source, instances: []))
            }
            for (name, agent) in changes { one.replace(name, with: agent) }
            many.replaceAll(changes)
            #expect(one.agentCount == many.agentCount)
            for intent in ["E", "F", "G", "H", "*"] {
                #expect(one.isIndexed(intent) == many.isIndexed(intent))
                for version in ["1.0", "2.0", "3.0"] {
                    #expect(
                        one.candidates(intent: intent, version: version).map(\.name)
                            == many.candidates(intent: intent, version: version).map(\.name))
                }
            }
        }
    }

    @Test("what the store names lives by the store's clock, what it does not name by ours")
    func clocks() throws {
        let store = DirectoryStore()
        _ = try store.register(request("1"), nowNanoseconds: 0)
        _ = try store.register(request("2"), nowNanoseconds: 0)
        let state = try #require(store.snapshot.agent(named: "a")?.instances.first?.state)
        store.applyShared([try agent(["1"])], absence: .leaves, nowNanoseconds: 0)
        #expect(store.snapshot.agent(named: "a")?.instances.first?.state === state)
        // A heartbeat here does not give it a time of its own.
        #expect(try store.register(request("1"), nowNanoseconds: second) == .renewed)
        store.expire(nowNanoseconds: 1_000 * second)
        #expect(store.snapshot.agent(named: "a")?.instances.map(\.id) == ["1"])
        store.applyShared([try agent([])], absence: .lingers(untilNanoseconds: 1_010 * second), nowNanoseconds: 0)
        store.expire(nowNanoseconds: 1_009 * second)
        #expect(store.snapshot.agentCount == 1)
        store.applyShared([try agent(["1"])], absence: .leaves, nowNanoseconds: 0)
        store.expire(nowNanoseconds: 2_000 * second)
        #expect(store.snapshot.agentCount == 1)
        store.applyShared([try agent([])], absence: .leaves, nowNanoseconds: 0)
        #expect(store.snapshot.agentCount == 0)
    }

    @Test("the same again makes no new snapshot")
    func sameAgain() throws {
        let store = DirectoryStore()
        store.applyShared([try agent(["1", "2"])], absence: .leaves, nowNanoseconds: 0)
        let generation = store.snapshot.generation
        store.applyShared([try agent(["2", "1"])], absence: .leaves, nowNanoseconds: 0)
        #expect(store.snapshot.generation == generation)
        store.applyShared([try agent(["2", "1"], host: "10.0.0.2")], absence: .leaves, nowNanoseconds: 0)
        #expect(store.snapshot.generation > generation)
    }

    @Test("the store decides who owns a name")
    func owner() throws {
        let store = DirectoryStore()
        _ = try store.register(request("1", owner: "eve"), nowNanoseconds: 0)
        store.applyShared([try agent(["2"])], absence: .leaves, nowNanoseconds: 0)
        let record = try #require(store.snapshot.agent(named: "a"))
        #expect(record.source == .registration(owner: "svc"))
        #expect(record.instances.map(\.id) == ["2"])
        #expect(throws: RegistrationRefusal.ownedByAnother(agent: "a")) {
            try store.check(request("1", owner: "eve"), nowNanoseconds: 0)
        }
        store.applyShared([try agent([], vacantForMilliseconds: 5_000)], absence: .leaves, nowNanoseconds: 0)
        #expect(throws: RegistrationRefusal.ownedByAnother(agent: "a")) {
            try store.check(request("1", owner: "eve"), nowNanoseconds: 4 * second)
        }
        try store.check(request("1", owner: "eve"), nowNanoseconds: 5 * second)
    }

    @Test("what breaks a rule of registration is no shared agent")
    func rules() throws {
        #expect(throws: RegistrationRefusal.self) { try agent(["1"], name: "a b") }
        #expect(throws: RegistrationRefusal.self) { try agent(["1"], owner: "") }
        #expect(throws: RegistrationRefusal.self) { try agent(["1"], intent: "*") }
        var refused: [String] = []
        let some = try agent(["1", "../x"], refused: { id, _ in refused.append(id) })
        #expect(some.instances.map(\.id) == ["1"])
        #expect(refused == ["../x"])
        #expect(try agent(["1"], host: "169.254.169.254").instances.isEmpty)
    }

    @Test("what finds no room is counted and left out, configured agents stay")
    func room() throws {
        var limits = DirectoryLimits()
        limits.instancesMax = 3
        limits.agentsMax = 2
        let store = DirectoryStore(limits: limits)
        let agents = try ["a", "b", "c"].map { try agent(["1"], name: $0) }
        #expect(store.applyShared(agents, absence: .leaves, nowNanoseconds: 0) == 1)
        #expect(store.snapshot.agentCount == 2)
        #expect(store.applyShared([try agent(["1", "2", "3"])], absence: .leaves, nowNanoseconds: 0) == 1)
        #expect(store.applyShared([try agent(["1", "2"])], absence: .leaves, nowNanoseconds: 0) == 0)
        store.retainShared(named: [ExactText("b")], absence: .leaves, nowNanoseconds: 0)
        #expect(store.snapshot.agentsByName().map(\.name) == ["b"])
        #expect(store.applyShared([try agent(["1", "2"])], absence: .leaves, nowNanoseconds: 0) == 0)
        try store.replaceStatic([
            ConfiguredAgent(
                definition: AgentDefinition(name: "b", capabilities: [Capability(intent: "E")]), instances: [])
        ])
        store.applyShared([try agent(["7"], name: "b")], absence: .leaves, nowNanoseconds: 0)
        #expect(store.snapshot.agent(named: "b")?.source == .configuration)
    }

    private func request(_ instance: String, owner: String = "svc") -> RegistrationRequest {
        RegistrationRequest(
            definition: AgentDefinition(name: "a", capabilities: [Capability(intent: "E", version: "1.0")]),
            instanceId: instance, url: "http://10.0.0.1/", timeToLiveMilliseconds: 10_000, owner: owner)
    }

    private func agent(
        _ instances: [String], name: String = "a", owner: String = "svc", intent: String = "E",
        host: String = "10.0.0.1", vacantForMilliseconds: Int64 = 0,
        refused: (String, RegistrationRefusal) -> Void = { _, _ in }
    ) throws -> SharedAgent {
        try SharedAgent(
            definition: AgentDefinition(name: name, capabilities: [Capability(intent: intent, version: "1.0")]),
            owner: owner, instances: instances.map { ($0, "http://\(host)/") },
            vacantForMilliseconds: vacantForMilliseconds, limits: DirectoryLimits(), refused: refused)
    }
}
