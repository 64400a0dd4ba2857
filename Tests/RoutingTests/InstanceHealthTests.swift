import Routing
import Testing

private let second: Int64 = 1_000_000_000

@Suite("Instance health and selection")
struct InstanceHealthTests {
    @Test("five failures in a row eject for three seconds; a success in between begins the count anew")
    func ejection() {
        var health = InstanceHealth()
        for _ in 0..<4 { health.failed(wasProbe: false, nowNanoseconds: 0) }
        health.succeeded(wasProbe: false, nowNanoseconds: 0)
        for _ in 0..<4 { health.failed(wasProbe: false, nowNanoseconds: 0) }
        #expect(health.isEligible(nowNanoseconds: 0))
        health.failed(wasProbe: false, nowNanoseconds: 0)
        #expect(health.standing == .ejected(untilNanoseconds: 3 * second))
        #expect(!health.isEligible(nowNanoseconds: 3 * second - 1))
        #expect(health.isEligible(nowNanoseconds: 3 * second))
    }

    @Test("one call at a time is let through on trial; failing doubles the ejection up to sixty seconds")
    func probes() {
        var health = ejected(at: 0)
        var now = 3 * second
        for expected in [6, 12, 24, 48, 60, 60] as [Int64] {
            #expect(health.begin(nowNanoseconds: now) == true)
            #expect(!health.isEligible(nowNanoseconds: now))
            #expect(health.begin(nowNanoseconds: now) == false)
            health.failed(wasProbe: true, nowNanoseconds: now)
            #expect(health.standing == .ejected(untilNanoseconds: now + expected * second))
            now += expected * second
        }
        #expect(health.begin(nowNanoseconds: now) == true)
        health.succeeded(wasProbe: true, nowNanoseconds: now)
        #expect(health.standing == .healthy(failures: 0))
    }

    @Test(
        "ejections start long again after a short recovery, short after a steady minute",
        arguments: [(59, 6), (60, 3)] as [(Int64, Int64)])
    func steady(waited: Int64, expected: Int64) {
        var health = ejected(at: 0)
        #expect(health.begin(nowNanoseconds: 3 * second) == true)
        health.succeeded(wasProbe: true, nowNanoseconds: 3 * second)
        let again = (3 + waited) * second
        for _ in 0..<5 { health.failed(wasProbe: false, nowNanoseconds: again) }
        #expect(health.standing == .ejected(untilNanoseconds: again + expected * second))
    }

    @Test("calls from before the ejection say nothing about the instance on trial")
    func lateResults() {
        var health = ejected(at: 0)
        health.succeeded(wasProbe: false, nowNanoseconds: second)
        health.failed(wasProbe: false, nowNanoseconds: second)
        #expect(health.standing == .ejected(untilNanoseconds: 3 * second))
        #expect(health.begin(nowNanoseconds: 3 * second) == true)
        health.succeeded(wasProbe: false, nowNanoseconds: 3 * second)
        health.failed(wasProbe: false, nowNanoseconds: 3 * second)
        #expect(health.standing == .probing(sinceNanoseconds: 3 * second))
    }

    @Test("a trial that is given up or never ends does not keep the instance out")
    func abandonedProbe() {
        var health = ejected(at: 0)
        #expect(health.begin(nowNanoseconds: 4 * second) == true)
        health.abandoned(wasProbe: true)
        #expect(health.isEligible(nowNanoseconds: 4 * second))
        #expect(health.begin(nowNanoseconds: 4 * second) == true)
        #expect(!health.isEligible(nowNanoseconds: 33 * second))
        #expect(health.begin(nowNanoseconds: 34 * second) == true)
    }

    @Test("a lease ends its call once, and a dropped one blames nobody")
    func leases() {
        let state = InstanceState()
        for _ in 0..<10 { _ = state.begin(nowNanoseconds: 0) }
        #expect(state.inFlight == 0)
        #expect(state.standing == .healthy(failures: 0))
        let open = state.begin(nowNanoseconds: 0)
        #expect(state.inFlight == 1)
        open.succeeded(nowNanoseconds: 0)
        #expect(state.inFlight == 0)
        for _ in 0..<5 { state.begin(nowNanoseconds: 0).failed(nowNanoseconds: 0) }
        #expect(state.inFlight == 0)
        #expect(!state.isEligible(nowNanoseconds: 0))
        #expect(state.isEligible(nowNanoseconds: 3 * second))
        state.begin(nowNanoseconds: 3 * second).succeeded(nowNanoseconds: 3 * second)
        #expect(state.standing == .healthy(failures: 0))
    }

    @Test("in-flight counts come out even from four tasks")
    func concurrency() async {
        let state = InstanceState()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for call in 0..<5_000 {
                        let lease = state.begin(nowNanoseconds: Int64(call))
                        switch (task + call) % 3 {
                        case 0: lease.succeeded(nowNanoseconds: Int64(call))
                        case 1: lease.failed(nowNanoseconds: Int64(call))
                        default: lease.abandoned()
                        }
                    }
                }
            }
        }
        #expect(state.inFlight == 0)
    }

    @Test("of two drawn at random the less busy one is chosen")
    func leastBusy() throws {
        let instances = try instances(2)
        let busy = instances[0].state.begin(nowNanoseconds: 0)
        var random = SplitMix64(seed: 1)
        for _ in 0..<100 { #expect(pick(instances, &random) == 1) }
        busy.abandoned()
        var chosen: Set<Int?> = []
        for _ in 0..<100 { chosen.insert(pick(instances, &random)) }
        #expect(chosen == [0, 1])
    }

    @Test("idle instances are chosen evenly")
    func even() throws {
        let instances = try instances(5)
        var random = SplitMix64(seed: 2)
        var counts = Array(repeating: 0, count: 5)
        for _ in 0..<10_000 {
            if let chosen = pick(instances, &random) { counts[chosen] += 1 }
        }
        #expect(counts.allSatisfy { (1_800...2_200).contains($0) })
    }

    @Test(
        "ejected instances are passed over, also when both that were drawn are; with all ejected they are tried anyway")
    func passedOver() throws {
        let instances = try instances(6)
        for index in 0..<5 { eject(instances[index]) }
        var random = SplitMix64(seed: 3)
        for _ in 0..<200 { #expect(pick(instances, &random) == 5) }
        eject(instances[5])
        for _ in 0..<200 { #expect(pick(instances, &random) != nil) }
        for _ in 0..<200 {
            let index = InstanceSelector.pick(
                from: instances, nowNanoseconds: 0, random: random.next(), excluding: 2)
            #expect(index != nil && index != 2)
        }
    }

    @Test("an instance that just failed is chosen again only when there is no other")
    func excluded() throws {
        let two = try instances(2)
        var random = SplitMix64(seed: 4)
        for _ in 0..<100 {
            #expect(InstanceSelector.pick(from: two, nowNanoseconds: 0, random: random.next(), excluding: 0) == 1)
        }
        eject(two[1])
        for _ in 0..<100 {
            #expect(InstanceSelector.pick(from: two, nowNanoseconds: 0, random: random.next(), excluding: 0) == 1)
        }
        let one = try instances(1)
        #expect(InstanceSelector.pick(from: one, nowNanoseconds: 0, random: 7, excluding: 0) == 0)
    }

    @Test("an instance whose registration ran out is never chosen, swept or not")
    func expired() throws {
        let store = DirectoryStore()
        for (id, lifetime) in [("1", 1_000), ("2", 9_000)] as [(String, Int64)] {
            let definition = AgentDefinition(name: "a", capabilities: [Capability(intent: "E")])
            let request = RegistrationRequest(
                definition: definition, instanceId: id, url: "http://10.0.0.1/", timeToLiveMilliseconds: lifetime,
                owner: "o")
            _ = try store.register(request, nowNanoseconds: 0)
        }
        let instances = try #require(store.snapshot.agent(named: "a")).instances
        var random = SplitMix64(seed: 5)
        for _ in 0..<100 { #expect(pick(instances, &random, now: second) == 1) }
        #expect(pick(instances, &random, now: 9 * second) == nil)
        #expect(pick(Array(instances[..<1]), &random, now: second) == nil)
        #expect(pick([], &random) == nil)
    }

    private func ejected(at now: Int64) -> InstanceHealth {
        var health = InstanceHealth()
        for _ in 0..<5 { health.failed(wasProbe: false, nowNanoseconds: now) }
        return health
    }

    private func eject(_ instance: AgentInstance) {
        for _ in 0..<5 { instance.state.begin(nowNanoseconds: 0).failed(nowNanoseconds: 0) }
    }

    private func instances(_ count: Int) throws -> [AgentInstance] {
        let store = DirectoryStore()
        let urls = try (0..<count).map { try InstanceURL(parsing: "http://10.0.0.1:\(9000 + $0)/") }
        try store.replaceStatic([agent("a", [("E", "1.0")], instances: urls.map { .init(url: $0) })])
        return try #require(store.snapshot.agent(named: "a")).instances
    }

    private func pick(_ instances: [AgentInstance], _ random: inout SplitMix64, now: Int64 = 0) -> Int? {
        InstanceSelector.pick(from: instances, nowNanoseconds: now, random: random.next())
    }
}
