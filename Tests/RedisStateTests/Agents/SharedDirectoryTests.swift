import Routing
import Synchronization
import Testing

@testable import RedisState

/// A gateway that shares its directory; its steps are made by the test.
private final class Node: Sendable {
    let store = DirectoryStore()
    let directory: SharedDirectory
    let clock: TestClock
    let events = Mutex<[SharedDirectoryEvent]>([])

    init(_ share: any DirectoryShare, _ clock: TestClock) {
        let box = Box()
        self.clock = clock
        directory = SharedDirectory(
            store: store, share: share, surroundings: .manual(clock),
            onEvent: { event in box.node?.events.withLock { $0.append(event) } })
        box.node = self
    }

    private final class Box: @unchecked Sendable {
        // Set once before anything else runs.
        weak var node: Node?
    }

    var now: Int64 { clock.milliseconds * 1_000_000 }

    @discardableResult
    func register(_ request: RegistrationRequest) async throws -> DirectoryStore.Registration {
        try await directory.register(request, nowNanoseconds: now)
    }

    /// What one turn of the loop does.
    func turn() async {
        await directory.writePending()
        await directory.pull()
        directory.lapse()
        store.expire(nowNanoseconds: now)
    }

    func instances(_ agent: String = "a") -> [String] { store.snapshot.agent(named: agent)?.instances.map(\.id) ?? [] }
}

@Suite("Shared directory", .timeLimit(.minutes(1)))
struct SharedDirectoryTests {
    private let clock = TestClock()

    @Test("what registers with one gateway is known to the others, and leaves for all")
    func shared() async throws {
        let (share, nodes) = cluster(3)
        #expect(try await nodes[0].register(registration("a", "1")) == .registered)
        #expect(nodes[0].instances() == ["1"])
        for node in nodes { await node.turn() }
        #expect(nodes.map { $0.instances() } == [["1"], ["1"], ["1"]])
        // A heartbeat through another gateway is one.
        #expect(try await nodes[1].register(registration("a", "1")) == .renewed)
        try await nodes[2].directory.deregister(agent: "a", instance: "1", owner: "svc", nowNanoseconds: nodes[2].now)
        for node in nodes { await node.turn() }
        #expect(nodes.allSatisfy { $0.store.snapshot.agentCount == 0 })
        _ = share
    }

    @Test("an instance that is renewed through any gateway stays with all; one that is not leaves by the store's clock")
    func expiry() async throws {
        let (_, nodes) = cluster(3)
        try await nodes[0].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
        for second in 0..<60 {
            if second % 5 == 0 {
                try await nodes[second % 3].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
            }
            for node in nodes { await node.turn() }
            #expect(nodes.allSatisfy { $0.instances() == ["1"] }, "second \(second)")
            clock.advance(milliseconds: 1_000)
        }
        // The last heartbeat was five seconds ago.
        clock.advance(milliseconds: 10_000)
        for node in nodes { await node.turn() }
        for node in nodes { await node.turn() }
        #expect(nodes.allSatisfy { $0.instances().isEmpty })
    }

    @Test("a name cannot be taken over through another gateway, neither alive nor vacant")
    func takeover() async throws {
        let (_, nodes) = cluster(2)
        try await nodes[0].register(registration("a", "1"))
        // The other gateway has not heard of it yet; the store decides.
        await #expect(throws: RegistrationRefusal.ownedByAnother(agent: "a")) {
            try await nodes[1].register(registration("a", "2", owner: "eve"))
        }
        try await nodes[0].directory.deregister(agent: "a", instance: "1", owner: "svc", nowNanoseconds: nodes[0].now)
        await #expect(throws: RegistrationRefusal.ownedByAnother(agent: "a")) {
            try await nodes[1].register(registration("a", "2", owner: "eve"))
        }
        for node in nodes { await node.turn() }
        clock.advance(milliseconds: 299_000)
        await #expect(throws: RegistrationRefusal.ownedByAnother(agent: "a")) {
            try await nodes[1].register(registration("a", "2", owner: "eve"))
        }
        clock.advance(milliseconds: 1_500)
        #expect(try await nodes[1].register(registration("a", "2", owner: "eve")) == .registered)
    }

    @Test("the configuration wins over what others registered, and gives it back when it goes")
    func configured() async throws {
        let (_, nodes) = cluster(2)
        try await nodes[0].register(registration("a", "1"))
        for node in nodes { await node.turn() }
        let configured = ConfiguredAgent(
            definition: AgentDefinition(name: "a", capabilities: [Capability(intent: "E")]),
            instances: [.init(id: "fixed", url: try InstanceURL(parsing: "http://10.9.9.9/"))])
        try nodes[1].store.replaceStatic([configured])
        nodes[1].directory.reload()
        await nodes[1].turn()
        #expect(nodes[1].instances() == ["fixed"])
        await #expect(throws: RegistrationRefusal.configured(agent: "a")) {
            try await nodes[1].register(registration("a", "2"))
        }
        try nodes[1].store.replaceStatic([])
        nodes[1].directory.reload()
        await nodes[1].turn()
        #expect(nodes[1].instances() == ["1"])
    }

    @Test("while Redis is away nobody leaves for want of heartbeats, and who registers is known here and written later")
    func away() async throws {
        let (share, nodes) = cluster(2)
        try await nodes[0].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
        for node in nodes { await node.turn() }
        share.fail(.notConnected("away"))
        for node in nodes { await node.turn() }
        for _ in 0..<60 {
            clock.advance(milliseconds: 5_000)
            try await nodes[1].register(registration("b", "1", timeToLiveMilliseconds: 15_000))
            for node in nodes { await node.turn() }
        }
        #expect(nodes.allSatisfy { $0.instances() == ["1"] })
        #expect(nodes[1].instances("b") == ["1"])
        #expect(nodes[0].instances("b").isEmpty)
        // A local newcomer that stops leaves by this node's clock.
        clock.advance(milliseconds: 15_000)
        for node in nodes { await node.turn() }
        #expect(nodes[1].instances("b").isEmpty)
        try await nodes[1].register(registration("b", "1"))
        #expect(nodes[1].directory.figures.pending == 1)
        share.fail(nil)
        await nodes[1].turn()
        await nodes[0].turn()
        #expect(nodes[0].instances("b") == ["1"])
        #expect(nodes[1].directory.figures.pending == 0)
        #expect(nodes[0].events.withLock { $0 } == [.found, .lost(.notConnected("away")), .found])
    }

    @Test("after an outage heartbeats come first: who sent some meanwhile is not taken out")
    func thaw() async throws {
        let (share, nodes) = cluster(2)
        try await nodes[0].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
        for node in nodes { await node.turn() }
        clock.advance(milliseconds: 10_000)
        share.fail(.timedOut)
        for node in nodes { await node.turn() }
        clock.advance(milliseconds: 20_000)
        try await nodes[1].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
        share.fail(nil)
        // The gateway that knows of no heartbeat comes first, and sweeps nobody yet.
        for second in 0..<14 {
            await nodes[0].turn()
            if second > 2 { await nodes[1].turn() }
            #expect(nodes[0].instances() == ["1"], "second \(second)")
            clock.advance(milliseconds: 1_000)
        }
        // Without another heartbeat it goes, at the latest when what the store may have lost is given up.
        clock.advance(milliseconds: 7_000)
        await nodes[0].turn()
        #expect(nodes[0].instances().isEmpty)
    }

    @Test("the last known directory does not stand for ever")
    func lapse() async throws {
        let (share, nodes) = cluster(1)
        try await nodes[0].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
        try await nodes[0].register(registration("a", "2", timeToLiveMilliseconds: 15_000))
        await nodes[0].turn()
        share.fail(.timedOut)
        await nodes[0].turn()
        clock.advance(milliseconds: 899_000)
        await nodes[0].turn()
        #expect(nodes[0].instances() == ["1", "2"])
        clock.advance(milliseconds: 1_000)
        await nodes[0].turn()
        for _ in 0..<13 {
            try await nodes[0].register(registration("a", "2", timeToLiveMilliseconds: 15_000))
            clock.advance(milliseconds: 5_000)
            await nodes[0].turn()
        }
        #expect(nodes[0].instances() == ["2"])
        #expect(nodes[0].events.withLock { $0 }.last == .lapsed)
    }

    @Test("a Redis that lost everything empties no directory: heartbeats bring back what lives, the rest goes")
    func dataLoss() async throws {
        let (share, nodes) = cluster(2)
        try await nodes[0].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
        try await nodes[0].register(registration("a", "2", timeToLiveMilliseconds: 15_000))
        for node in nodes { await node.turn() }
        share.fail(.connectionLost)
        for node in nodes { await node.turn() }
        share.loseAll()
        share.fail(nil)
        for node in nodes { await node.turn() }
        #expect(nodes.allSatisfy { $0.instances() == ["1", "2"] })
        // Ownership outlives the loss where it is remembered.
        await #expect(throws: RegistrationRefusal.ownedByAnother(agent: "a")) {
            try await nodes[1].register(registration("a", "9", owner: "eve"))
        }
        for _ in 0..<5 {
            clock.advance(milliseconds: 5_000)
            try await nodes[1].register(registration("a", "1", timeToLiveMilliseconds: 15_000))
            for node in nodes { await node.turn() }
        }
        #expect(nodes.allSatisfy { $0.instances() == ["1"] })
    }

    @Test("a registration of the time without Redis that belongs to another is taken out again")
    func conflict() async throws {
        let (share, nodes) = cluster(2)
        await nodes[1].turn()
        share.fail(.notConnected("partition"))
        await nodes[1].turn()
        share.fail(nil)
        try await nodes[0].register(registration("a", "1"))
        // This gateway is still cut off.
        share.fail(.notConnected("partition"))
        try await nodes[1].register(registration("a", "2", owner: "eve"))
        #expect(nodes[1].instances() == ["2"])
        share.fail(nil)
        await nodes[1].turn()
        #expect(nodes[1].instances() == ["1"])
        #expect(nodes[1].store.snapshot.agent(named: "a")?.source == .registration(owner: "svc"))
        #expect(nodes[1].events.withLock { $0 }.contains(.registrationWithdrawn(agent: "a", instance: "2")))
    }

    @Test("a spoilt record is passed over, told once, and its agent goes unless it is mended")
    func spoilt() async throws {
        let (share, nodes) = cluster(1)
        try await nodes[0].register(registration("a", "1"))
        try await nodes[0].register(registration("b", "1"))
        await nodes[0].turn()
        for record in [
            "rubbish", "3:svc{}", "99999:x", "0:{}", #"3:svc{"node":null,"priority":1,"intents":[["*","*"]]}"#,
        ] {
            share.spoil("a", record: record)
            for _ in 0..<3 { await nodes[0].turn() }
            nodes[0].directory.reload()
            await nodes[0].turn()
            #expect(nodes[0].instances("b") == ["1"])
        }
        #expect(nodes[0].directory.figures.recordsRejected == 5)
        #expect(nodes[0].instances() == ["1"])
        clock.advance(milliseconds: 20_001)
        await nodes[0].turn()
        #expect(nodes[0].instances().isEmpty)
        #expect(nodes[0].instances("b") == ["1"])
    }

    @Test("one change costs one agent, however large the directory")
    func oneChange() async throws {
        let (share, nodes) = cluster(2)
        for number in 0..<500 { try await nodes[0].register(registration("a\(number)", "1", intent: "E\(number)")) }
        for node in nodes { await node.turn() }
        #expect(nodes[1].store.snapshot.agentCount == 500)
        #expect(nodes[1].directory.figures.pulls == 5)
        let before = share.pulledAgents
        try await nodes[0].register(registration("a7", "2", intent: "E7"))
        await nodes[1].turn()
        #expect(share.pulledAgents == before + 1)
        #expect(nodes[1].instances("a7") == ["1", "2"])
    }

    @Test("a directory is complete when its last page is in force, and no page earlier")
    func completeness() async throws {
        let share = MemoryDirectoryShare(clock: clock, pageAgents: 1_000)
        let (writer, reader) = (Node(share, clock), Node(share, clock))
        for number in 0..<1_500 { try await writer.register(registration("a\(number)", "1", intent: "E\(number)")) }
        let found = Task.detached {
            while !reader.directory.figures.isComplete { await Task.yield() }
            return reader.store.snapshot.agentCount
        }
        await reader.turn()
        #expect(await found.value == 1_500)
    }

    private func cluster(_ count: Int) -> (MemoryDirectoryShare, [Node]) {
        let share = MemoryDirectoryShare(clock: clock)
        return (share, (0..<count).map { _ in Node(share, clock) })
    }
}
