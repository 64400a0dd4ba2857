import RedisFixtures
import Routing
import Testing

@testable import RedisState

func registration(
    _ agent: String, _ instance: String, owner: String = "svc", intent: String = "E", host: String = "10.0.0.1",
    timeToLiveMilliseconds: Int64 = 60_000
) -> RegistrationRequest {
    RegistrationRequest(
        definition: AgentDefinition(
            name: agent, nodeId: "n1", nodePriority: 7, capabilities: [Capability(intent: intent, version: "1.0")]),
        instanceId: instance, url: "http://\(host):9000/", timeToLiveMilliseconds: timeToLiveMilliseconds,
        owner: owner)
}

var directoryContractLimits: DirectoryLimits {
    var limits = DirectoryLimits()
    limits.timeToLiveMilliseconds = 100...600_000
    limits.ownershipNanoseconds = 400_000_000
    limits.instancesMax = 4
    return limits
}

extension DirectoryShare {
    func put(_ request: RegistrationRequest) async throws -> SharePut {
        try await put(request, expiresInMilliseconds: request.timeToLiveMilliseconds).get()
    }

    /// Everything since a place, and the place after it.
    func read(_ place: SharePlace = SharePlace()) async throws -> (agents: [SharedAgent], place: SharePlace) {
        var (place, agents, hasMore) = (place, [SharedAgent](), true)
        while hasMore {
            let page = try await pull(from: place).get()
            (place.epoch, place.change, hasMore) = (page.epoch, page.change, page.hasMore)
            agents += try page.agents.map { stored in
                try AgentText.agent(stored, limits: DirectoryLimits()) { Issue.record("\($0): \($1)") }
            }
        }
        place.isLoading = false
        return (agents, place)
    }
}

/// What every share of a directory keeps, whatever it stands on.
func keepsDirectoryContract(
    _ share: any DirectoryShare, passing: @Sendable (_ milliseconds: Int64) async -> Void
) async throws {
    // Registered, renewed, changed.
    #expect(try await share.put(registration("a", "1")) == .registered)
    #expect(try await share.put(registration("a", "1")) == .renewed)
    #expect(try await share.put(registration("a", "1", host: "10.0.0.2")) == .registered)
    #expect(try await share.put(registration("a", "2")) == .registered)
    #expect(try await share.put(registration("a.b", "1", timeToLiveMilliseconds: 300)) == .registered)
    var (agents, place) = try await share.read()
    #expect(agents.map(\.definition.name) == ["a", "a.b"])
    #expect(agents[0].definition == registration("a", "1").definition)
    #expect(agents[0].owner == "svc")
    #expect(agents[0].instances.map(\.id).sorted() == ["1", "2"])
    #expect(Set(agents[0].instances.map(\.url.text)) == ["http://10.0.0.2:9000/", "http://10.0.0.1:9000/"])
    // Nobody else's: not by another name, not by one that begins alike.
    for owner in ["eve", "sv", "svc2", "3:svc"] {
        #expect(try await share.put(registration("a", "1", owner: owner)) == .ownedByAnother)
        #expect(try await share.put(registration("a", "9", owner: owner)) == .ownedByAnother)
        #expect(try await share.remove(agent: "a", instance: "1", owner: owner).get() == .ownedByAnother)
    }
    // A heartbeat is no change; one change is one agent.
    #expect(try await share.put(registration("a", "1", host: "10.0.0.2")) == .renewed)
    (agents, place) = try await share.read(place)
    #expect(agents.isEmpty)
    #expect(try await share.put(registration("b", "1")) == .registered)
    (agents, place) = try await share.read(place)
    #expect(agents.map(\.definition.name) == ["b"])
    // The limit of the directory.
    guard case .full = try await share.put(registration("c", "1")) else {
        Issue.record("a full directory took an instance")
        return
    }
    // Leaving.
    #expect(try await share.remove(agent: "b", instance: "1", owner: "svc").get() == .removed)
    #expect(try await share.remove(agent: "b", instance: "1", owner: "svc").get() == .unknown)
    #expect(try await share.remove(agent: "never", instance: "1", owner: "svc").get() == .unknown)
    (agents, place) = try await share.read(place)
    #expect(agents.map(\.definition.name) == ["b"])
    #expect(agents[0].instances.isEmpty && agents[0].vacantForMilliseconds > 200)
    #expect(try await share.put(registration("b", "1", owner: "eve")) == .ownedByAnother)
    // What is not renewed leaves by the store's clock, once somebody sweeps.
    await passing(320)
    (agents, place) = try await share.read(place)
    #expect(agents.isEmpty)
    place.sweeps = true
    (agents, place) = try await share.read(place)
    #expect(agents.map(\.definition.name) == ["a.b"])
    #expect(agents.allSatisfy { $0.instances.isEmpty })
    // A vacant name is its owner's for its time, then anybody's.
    #expect(try await share.put(registration("a.b", "1", owner: "eve")) == .ownedByAnother)
    await passing(450)
    #expect(try await share.put(registration("b", "1", owner: "eve")) == .registered)
    place.sweeps = true
    (agents, place) = try await share.read(place)
    #expect(agents.contains { $0.definition.name == "b" && $0.owner == "eve" })
    #expect(try await share.put(registration("a.b", "1", owner: "eve")) == .registered)
    // Who read before something was forgotten begins anew; so does who comes from elsewhere.
    let late = SharePlace(epoch: place.epoch, change: 1, isLoading: false, sweeps: false)
    #expect(try await share.pull(from: late).get().isRestart)
    let elsewhere = SharePlace(epoch: "elsewhere", change: 1, isLoading: false, sweeps: false)
    #expect(try await share.pull(from: elsewhere).get().isRestart)
    let ahead = SharePlace(epoch: place.epoch, change: 1_000, isLoading: false, sweeps: false)
    #expect(try await share.pull(from: ahead).get().isRestart)
    // Who listens hears of a change.
    var notices = share.notices().makeAsyncIterator()
    #expect(await notices.next() == .listening)
    _ = try await share.remove(agent: "a", instance: "2", owner: "svc").get()
    #expect(await notices.next() == .changed)
}

@Suite("Share of the agent directory", .timeLimit(.minutes(1)))
struct DirectoryShareContractTests {
    @Test("in memory registrations are shared, owned, followed and expired")
    func memory() async throws {
        let clock = TestClock()
        try await keepsDirectoryContract(MemoryDirectoryShare(clock: clock, limits: directoryContractLimits)) {
            clock.advance(milliseconds: $0)
        }
    }

    @Test(
        "in a real Redis registrations are shared, owned, followed and expired, and every key leaves by itself",
        .enabled(if: RedisServer.isInstalled), arguments: RedisForm.allCases)
    func redis(_ form: RedisForm) async throws {
        let under = try await RedisUnderTest(form)
        let share = RedisDirectoryShare(
            commands: under.commands, subscriptions: under.subscriptions, names: under.names,
            limits: directoryContractLimits,
            token: { StoreSurroundings.real.token() })
        try await keepsDirectoryContract(share) { try? await Task.sleep(for: .milliseconds($0)) }
        let keys = try under.keys()
        #expect(keys.count >= 6)
        for (name, life) in keys {
            #expect(name.hasPrefix("\(under.prefix){agents}:"))
            #expect(life > 0, "\(name)")
        }
        await under.close()
    }

    @Test(
        "keys of another type give way, a lost part begins the store anew", .enabled(if: RedisServer.isInstalled))
    func poisoned() async throws {
        let server = try RedisServer.started()
        let redis = try SocketRedis(port: server.port)
        let share = share(redis, server.port)
        for name in RedisDirectoryScripts.keyNames {
            let key = "intentusnet:{agents}:\(name)"
            try redis.roundTrip(["DEL", key])
            try redis.roundTrip(["SET", key, "rubbish"])
            #expect(try await share.put(registration("a", "1")) != .ownedByAnother)
            try redis.roundTrip(["DEL", key])
            #expect(try await share.put(registration("a", "1")) != .ownedByAnother)
            _ = try await share.put(registration("a", "1"))
            let (agents, _) = try await share.read()
            #expect(agents.map(\.instances.count) == [1], "without \(name)")
        }
        // An eviction of the definitions alone must not let another take the name at once.
        let before = try await share.pull(from: SharePlace()).get().epoch
        try redis.roundTrip(["DEL", "intentusnet:{agents}:index"])
        #expect(try await share.pull(from: SharePlace()).get().epoch != before)
        #expect(try await share.put(registration("a", "1", owner: "eve")) == .ownedByAnother)
        // An instance for ever.
        _ = try await share.put(registration("a", "1"))
        try redis.roundTrip(["ZADD", "intentusnet:{agents}:expiry", "99999999999999", "a/1"])
        var place = SharePlace()
        place.sweeps = true
        let due = try await share.pull(from: place).get().nextDueMilliseconds
        #expect((due ?? .max) <= 600_000)
    }

    @Test(
        "S21 no part of a registration is part of a script or reaches another key",
        .enabled(if: RedisServer.isInstalled))
    func keysStayOurs() async throws {
        let server = try RedisServer.started()
        let redis = try SocketRedis(port: server.port)
        let share = share(redis, server.port)
        _ = try await share.put(
            registration("a", "1", owner: "x\ny\"]]'..redis.call('FLUSHALL')..'", intent: "\"']] end"))
        let (agents, _) = try await share.read()
        #expect(agents.first?.owner == "x\ny\"]]'..redis.call('FLUSHALL')..'")
        let keys = try redis.roundTrip(["KEYS", "*"]).array?.compactMap(\.text) ?? []
        #expect(Set(keys).isSubset(of: RedisDirectoryScripts.keyNames.map { "intentusnet:{agents}:\($0)" }))
    }

    private func share(_ redis: SocketRedis, _ port: Int) -> RedisDirectoryShare {
        RedisDirectoryShare(
            commands: redis, subscriptions: SocketSubscriptions(port: port), names: KeyNames(),
            limits: directoryContractLimits,
            token: { StoreSurroundings.real.token() })
    }
}
