import IntentProtocol
import Routing
import Testing

private let second: Int64 = 1_000_000_000

@Suite("Directory store")
struct DirectoryStoreTests {
    @Test("an instance registers, renews without a new snapshot, and leaves when it does not")
    func lifetime() throws {
        let store = DirectoryStore()
        #expect(try store.register(request(), nowNanoseconds: 0) == .registered)
        let generation = store.snapshot.generation
        #expect(try store.register(request(), nowNanoseconds: 9 * second) == .renewed)
        #expect(store.snapshot.generation == generation)
        #expect(store.expire(nowNanoseconds: 18 * second) == 0)
        #expect(store.snapshot.agent(named: "a")?.instances.map(\.id) == ["i"])
        #expect(store.expire(nowNanoseconds: 19 * second) == 1)
        #expect(store.snapshot.agentCount == 0)
        #expect(store.snapshot.candidates(intent: "E", version: "1.0").isEmpty)
    }

    @Test("a running instance keeps its health over other instances' coming and going, a moved one starts anew")
    func keepsState() throws {
        let store = DirectoryStore()
        _ = try store.register(request(), nowNanoseconds: 0)
        let first = try #require(store.snapshot.agent(named: "a")?.instances.first)
        _ = try store.register(request(instance: "j"), nowNanoseconds: 0)
        let agent = try #require(store.snapshot.agent(named: "a"))
        #expect(agent.instances.map(\.id) == ["i", "j"])
        #expect(agent.instances[0].state === first.state)
        _ = try store.register(request(url: "http://10.0.0.2/"), nowNanoseconds: 0)
        #expect(store.snapshot.agent(named: "a")?.instances[0].state !== first.state)
    }

    @Test("the owner may change what its agent answers")
    func capabilityChange() throws {
        let store = DirectoryStore()
        _ = try store.register(request(), nowNanoseconds: 0)
        #expect(try store.register(request(intent: "F"), nowNanoseconds: 0) == .registered)
        #expect(store.snapshot.candidates(intent: "E", version: "1.0").isEmpty)
        #expect(store.snapshot.candidates(intent: "F", version: "1.0").map(\.name) == ["a"])
    }

    @Test("nobody else takes an agent's name over, adds to it, or removes from it")
    func takeover() throws {
        let store = DirectoryStore()
        _ = try store.register(request(), nowNanoseconds: 0)
        #expect(refusal { try store.register(request(owner: "eve"), nowNanoseconds: 0) } == .ownedByAnother(agent: "a"))
        #expect(
            refusal { try store.register(request(instance: "j", owner: "eve"), nowNanoseconds: 0) }
                == .ownedByAnother(agent: "a"))
        #expect(
            refusal { try store.deregister(agent: "a", instance: "i", owner: "eve", nowNanoseconds: 0) }
                == .ownedByAnother(agent: "a"))
        #expect(store.snapshot.agent(named: "a")?.instances.count == 1)
    }

    @Test("an outage is no chance for a takeover: the name stays its owner's for five minutes")
    func ownershipOutlivesInstances() throws {
        let store = DirectoryStore()
        _ = try store.register(request(), nowNanoseconds: 0)
        #expect(store.expire(nowNanoseconds: 10 * second) == 1)
        #expect(
            refusal { try store.register(request(owner: "eve"), nowNanoseconds: 309 * second) }
                == .ownedByAnother(agent: "a"))
        _ = try store.register(request(), nowNanoseconds: 309 * second)
        try store.deregister(agent: "a", instance: "i", owner: "svc", nowNanoseconds: 310 * second)
        #expect(try store.register(request(owner: "eve"), nowNanoseconds: 610 * second) == .registered)
    }

    @Test("leaving is for those who are there")
    func deregister() throws {
        let store = DirectoryStore()
        #expect(
            refusal { try store.deregister(agent: "a", instance: "i", owner: "svc", nowNanoseconds: 0) }
                == .unknown(agent: "a", instance: "i"))
        _ = try store.register(request(), nowNanoseconds: 0)
        #expect(
            refusal { try store.deregister(agent: "a", instance: "x", owner: "svc", nowNanoseconds: 0) }
                == .unknown(agent: "a", instance: "x"))
        try store.deregister(agent: "a", instance: "i", owner: "svc", nowNanoseconds: 0)
        #expect(store.snapshot.agentCount == 0)
    }

    @Test("configured agents cannot be registered over, do not expire, and displace registered ones")
    func configured() throws {
        let store = DirectoryStore()
        _ = try store.register(request(), nowNanoseconds: 0)
        let url = try InstanceURL(parsing: "http://127.0.0.1:9001/execute-agent")
        let configured = agent("a", [("E", "1.0")], instances: [.init(url: url)])
        #expect(try store.replaceStatic([configured]) == ["a"])
        #expect(refusal { try store.register(request(), nowNanoseconds: 0) } == .configured(agent: "a"))
        #expect(
            refusal { try store.deregister(agent: "a", instance: url.text, owner: "svc", nowNanoseconds: 0) }
                == .configured(agent: "a"))
        #expect(store.expire(nowNanoseconds: .max) == 0)
        #expect(store.snapshot.agent(named: "a")?.instances.map(\.id) == ["http://127.0.0.1:9001/execute-agent"])
    }

    @Test("a reload keeps the health of what stays, drops what is gone, and leaves registered agents alone")
    func reload() throws {
        let store = DirectoryStore()
        let url = try InstanceURL(parsing: "http://127.0.0.1:9001/")
        try store.replaceStatic([
            agent("s", [("E", "1.0")], instances: [.init(url: url)]), agent("gone", [("E", "1.0")]),
        ])
        _ = try store.register(request(), nowNanoseconds: 0)
        let state = try #require(store.snapshot.agent(named: "s")?.instances.first?.state)
        #expect(try store.replaceStatic([agent("s", [("F", "1.0")], instances: [.init(url: url)])]) == [])
        #expect(store.snapshot.agent(named: "s")?.instances.first?.state === state)
        #expect(store.snapshot.agentsByName().map(\.name) == ["a", "s"])
        #expect(store.snapshot.candidates(intent: "E", version: "1.0").map(\.name) == ["a"])
    }

    @Test("a reload that contradicts itself changes nothing")
    func badReload() throws {
        let store = DirectoryStore()
        try store.replaceStatic([agent("s", [("E", "1.0")])])
        let twice = [agent("t", [("E", "1.0")]), agent("t", [("F", "1.0")])]
        #expect(refusal { try store.replaceStatic(twice) } == .invalid("agent 't' is defined twice"))
        #expect(refusal { try store.replaceStatic([agent("u", [])]) } != nil)
        #expect(store.snapshot.agentsByName().map(\.name) == ["s"])
    }

    @Test("limits hold, and a renewal needs no room")
    func limits() throws {
        var limits = DirectoryLimits()
        limits.agentsMax = 2
        limits.instancesPerAgentMax = 2
        limits.instancesMax = 3
        let store = DirectoryStore(limits: limits)
        _ = try store.register(request("a", instance: "1"), nowNanoseconds: 0)
        _ = try store.register(request("a", instance: "2"), nowNanoseconds: 0)
        #expect(isLimit(refusal { try store.register(request("a", instance: "3"), nowNanoseconds: 0) }))
        _ = try store.register(request("b", instance: "1"), nowNanoseconds: 0)
        #expect(isLimit(refusal { try store.register(request("c", instance: "1"), nowNanoseconds: 0) }))
        #expect(isLimit(refusal { try store.register(request("b", instance: "2"), nowNanoseconds: 0) }))
        #expect(try store.register(request("a", instance: "1"), nowNanoseconds: 0) == .renewed)
        try store.deregister(agent: "a", instance: "2", owner: "svc", nowNanoseconds: 0)
        #expect(isLimit(refusal { try store.register(request("c", instance: "1"), nowNanoseconds: 0) }))
        #expect(try store.register(request("b", instance: "2"), nowNanoseconds: 0) == .registered)
    }

    @Test(
        "names are letters, digits and . _ - and nothing else",
        arguments: ["", "a b", "a/b", "..%2f", "é", "a\r\nb", String(repeating: "a", count: 129), "a:b", "a'b"])
    func names(name: String) {
        let store = DirectoryStore()
        #expect(isInvalid(refusal { try store.register(request(name), nowNanoseconds: 0) }))
        #expect(isInvalid(refusal { try store.register(request(instance: name), nowNanoseconds: 0) }))
        if !name.isEmpty { #expect(isInvalid(refusal { try store.register(request(node: name), nowNanoseconds: 0) })) }
    }

    @Test("requests with nothing to answer, a stranger's address or an odd lifetime are refused")
    func badRequests() {
        let store = DirectoryStore()
        var none = request()
        none.definition = AgentDefinition(name: "a", capabilities: [])
        var many = request()
        many.definition = AgentDefinition(
            name: "a", capabilities: (0..<257).map { Capability(intent: "E\($0)", version: "1.0") })
        var short = request()
        short.timeToLiveMilliseconds = 999
        var long = request()
        long.timeToLiveMilliseconds = .max
        let bad = [
            none, many, short, long, request(intent: "*"), request(intent: ""), request(intent: "a\nb"),
            request(owner: ""),
            request(url: "http://169.254.169.254/latest"), request(url: "ftp://h/"), request(url: "http://h/?a=b"),
        ]
        for request in bad { #expect(isInvalid(refusal { try store.register(request, nowNanoseconds: 0) })) }
        #expect(store.snapshot.agentCount == 0)
    }

    @Test("a wildcard may be registered where that is allowed")
    func wildcard() throws {
        var limits = DirectoryLimits()
        limits.allowsRegisteredWildcard = true
        let store = DirectoryStore(limits: limits)
        _ = try store.register(request(intent: "*"), nowNanoseconds: 0)
        #expect(store.snapshot.candidates(intent: "Q", version: "1.0").map(\.name) == ["a"])
    }

    @Test("refusals speak the wire's codes with a reason")
    func wireErrors() {
        #expect(RegistrationRefusal.invalid("x").intentError.code == .validationError)
        #expect(RegistrationRefusal.ownedByAnother(agent: "a").intentError.code == .unauthorized)
        #expect(RegistrationRefusal.configured(agent: "a").intentError.code == .unauthorized)
        #expect(RegistrationRefusal.limitReached("x").intentError.code == .rateLimit)
        #expect(RegistrationRefusal.unknown(agent: "a", instance: "i").intentError.code == .routingError)
        let details = RegistrationRefusal.ownedByAnother(agent: "a").intentError.details
        #expect(details["reason"] == .string("AGENT_OWNED_BY_ANOTHER"))
    }

    @Test("the listing tells agents by name, with what is known of their instances")
    func listing() throws {
        let store = DirectoryStore()
        _ = try store.register(request("b"), nowNanoseconds: 0)
        _ = try store.register(request("a", instance: "z"), nowNanoseconds: 0)
        let lease = store.snapshot.agent(named: "a")?.instances.first?.state.begin(nowNanoseconds: 0)
        let listing = store.listing(nowNanoseconds: 4 * second)
        #expect(listing.map(\.definition.name) == ["a", "b"])
        let instance = try #require(listing.first?.instances.first)
        #expect(instance.id == "z")
        #expect(instance.expiresInMilliseconds == 6_000)
        #expect(instance.health == "healthy")
        #expect(instance.inFlight == 1)
        #expect(listing.first?.source == .registration(owner: "svc"))
        lease?.abandoned()
        // Not swept yet, but gone for those who ask.
        #expect(store.listing(nowNanoseconds: 11 * second).allSatisfy { $0.instances.isEmpty })
    }

    @Test("registrations from four tasks all arrive")
    func concurrency() async {
        let store = DirectoryStore()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask {
                    for number in 0..<100 {
                        _ = try? store.register(request("a\(number)", instance: "\(task)"), nowNanoseconds: 0)
                        _ = store.snapshot.candidates(intent: "E", version: "1.0").count
                    }
                }
            }
        }
        #expect(store.snapshot.agentCount == 100)
        #expect(store.snapshot.agentsByName().allSatisfy { $0.instances.map(\.id) == ["0", "1", "2", "3"] })
    }

    private func isInvalid(_ refusal: RegistrationRefusal?) -> Bool {
        guard case .invalid = refusal else { return false }
        return true
    }

    private func isLimit(_ refusal: RegistrationRefusal?) -> Bool {
        guard case .limitReached = refusal else { return false }
        return true
    }

    @Test("registered instances show the service that the configuration names, by https alone")
    func registeredPrincipal() throws {
        var limits = DirectoryLimits()
        limits.registeredPrincipal = "cluster.local/ns/agents/sa/{agent}"
        let store = DirectoryStore(limits: limits)
        _ = try store.register(request(url: "https://10.0.0.1:9001/execute-agent"), nowNanoseconds: 0)
        let url = store.snapshot.agent(named: "a")?.instances.first?.url
        #expect(url?.principal == "cluster.local/ns/agents/sa/a")
        #expect(url?.isTLS == true)
        for (name, text) in [("b", "http://10.0.0.1:9001/execute-agent"), ("..", "https://10.0.0.1:9001/")] {
            let refused = refusal { try store.register(request(name, url: text), nowNanoseconds: 0) }
            guard case .invalid? = refused else {
                Issue.record("\(name) at \(text): \(String(describing: refused))")
                continue
            }
        }
        // What another gateway wrote down is judged by our own configuration.
        var reasons: [RegistrationRefusal] = []
        let shared = try SharedAgent(
            definition: request().definition, owner: "svc",
            instances: [("i", "https://10.0.0.1:9001/"), ("j", "http://10.0.0.1:9001/")], limits: limits,
            refused: { reasons.append($1) })
        #expect(shared.instances.map(\.url.principal) == ["cluster.local/ns/agents/sa/a"])
        #expect(reasons.count == 1)
    }

    private func refusal<T>(_ work: () throws -> T) -> RegistrationRefusal? {
        do {
            _ = try work()
            return nil
        } catch {
            return error as? RegistrationRefusal
        }
    }
}

private func request(
    _ name: String = "a", instance: String = "i", intent: String = "E", node: String? = nil,
    url: String = "http://10.0.0.1:9001/execute-agent", owner: String = "svc"
) -> RegistrationRequest {
    RegistrationRequest(
        definition: AgentDefinition(
            name: name, nodeId: node, capabilities: [Capability(intent: intent, version: "1.0")]),
        instanceId: instance, url: url, timeToLiveMilliseconds: 10_000, owner: owner)
}
