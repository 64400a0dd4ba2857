import Routing

/// The agents of a cluster in Redis.
struct RedisDirectoryShare: DirectoryShare {
    /// How much one page of the directory brings at most, so that no script holds Redis up for long.
    private static let pageAgentsMax = 1_000
    private static let pageInstancesMax = 2_000
    private static let pageBytesMax = 1 << 20
    /// Every key lives this long after its last use; more than an instance and the name it leaves together.
    private static let keysLiveMilliseconds: Int64 = 3_600_000
    /// A page is no matter of the few milliseconds that a limiter may wait.
    private static let timeoutMilliseconds: Int64 = 1_000

    private let commands: any RedisCommands
    private let subscriptions: any RedisSubscriptions
    private let limits: DirectoryLimits
    private let keys: [[UInt8]]
    private let channel: String
    private let token: @Sendable () -> [UInt8]

    init(
        commands: any RedisCommands, subscriptions: any RedisSubscriptions, names: KeyNames, limits: DirectoryLimits,
        token: @escaping @Sendable () -> [UInt8]
    ) {
        self.commands = commands
        self.subscriptions = subscriptions
        self.limits = limits
        self.token = token
        keys = RedisDirectoryScripts.keyNames.map { names.key(tag: "agents", $0) }
        channel = names.channel("agents")
    }

    func put(
        _ request: RegistrationRequest, expiresInMilliseconds: Int64
    ) async -> Result<SharePut, RedisFailure> {
        let owner = AgentText.owner(request.owner)
        let record = owner + AgentText.definition(request.definition)
        guard request.owner.utf8.count <= AgentText.ownerBytesMax, record.count <= AgentText.bytesMax else {
            return .success(.full("the owner's name and the definition have more than \(AgentText.bytesMax) bytes"))
        }
        let value = AgentText.instance(
            timeToLiveMilliseconds: request.timeToLiveMilliseconds, url: request.url)
        let texts = [request.definition.name, request.instanceId].map { Array($0.utf8) }
        let arguments =
            texts + [owner, record, value]
            + numbers(
                expiresInMilliseconds, Int64(limits.instancesMax), Int64(Self.instancesPerAgentMax(limits)))
        return await run(RedisDirectoryScripts.put, arguments).flatMap { reply in
            switch (reply.array?.first?.text, reply.array?.count) {
            case ("registered", 1): .success(.registered)
            case ("renewed", 1): .success(.renewed)
            case ("owned", 1): .success(.ownedByAnother)
            case ("full", 2): .success(.full(reply.array?[1].text ?? ""))
            default: .failure(.unexpectedReply("none to a registration"))
            }
        }
    }

    func remove(agent: String, instance: String, owner: String) async -> Result<ShareRemoval, RedisFailure> {
        let arguments = [Array(agent.utf8), Array(instance.utf8), AgentText.owner(owner)]
        return await run(RedisDirectoryScripts.remove, arguments).flatMap { reply in
            switch reply.array?.first?.text {
            case "removed": .success(.removed)
            case "owned": .success(.ownedByAnother)
            case "unknown": .success(.unknown)
            default: .failure(.unexpectedReply("none to a departure"))
            }
        }
    }

    func pull(from place: SharePlace) async -> Result<SharePage, RedisFailure> {
        let switches = [place.isLoading, place.sweeps].map { [UInt8(ascii: $0 ? "1" : "0")] }
        let arguments =
            [Array(place.epoch.utf8)] + numbers(place.change) + switches
            + numbers(
                Int64(Self.pageAgentsMax), Int64(Self.pageInstancesMax), Int64(Self.pageBytesMax),
                Int64(Self.instancesPerAgentMax(limits)), Int64(AgentText.bytesMax))
        return await run(RedisDirectoryScripts.pull, arguments).flatMap { reply in
            guard let page = Self.page(reply) else { return .failure(.unexpectedReply("no page of agents")) }
            return .success(page)
        }
    }

    func notices() -> AsyncStream<ShareNotice> { subscriptions.notices(on: channel) }

    /// Lua hands over some thousands of values at once and no more.
    private static func instancesPerAgentMax(_ limits: DirectoryLimits) -> Int {
        min(limits.instancesPerAgentMax, 4_000)
    }

    private func run(_ script: RedisScript, _ arguments: [[UInt8]]) async -> Result<RedisValue, RedisFailure> {
        let common =
            [token(), Array(channel.utf8)]
            + numbers(
                Self.keysLiveMilliseconds, limits.ownershipNanoseconds / 1_000_000,
                limits.timeToLiveMilliseconds.upperBound, Int64(limits.agentsMax))
        return await commands.run(
            script, keys: keys, arguments: common + arguments, timeoutMilliseconds: Self.timeoutMilliseconds)
    }

    private func numbers(_ numbers: Int64...) -> [[UInt8]] {
        numbers.map { Array("\($0)".utf8) }
    }

    private static func page(_ reply: RedisValue) -> SharePage? {
        guard let list = reply.array, list.count == 6, let epoch = list[0].text, let change = list[1].integer,
            let more = list[2].integer, let restart = list[3].integer, let due = list[4].integer,
            let values = list[5].array
        else { return nil }
        var agents: [StoredAgent] = []
        var place = 0
        while place < values.count {
            guard place + 4 <= values.count, let name = values[place].bytes, let record = values[place + 1].bytes,
                let count = values[place + 2].integer, count >= 0
            else { return nil }
            place += 3
            var agent = StoredAgent(name: name, record: record, instances: [], vacantForMilliseconds: 0)
            if count == 0 {
                guard let vacant = values[place].integer else { return nil }
                agent.vacantForMilliseconds = vacant
                place += 1
            }
            guard count <= (values.count - place) / 2 else { return nil }
            agent.instances.reserveCapacity(Int(count))
            for _ in 0..<count {
                guard let id = values[place].bytes, let value = values[place + 1].bytes else { return nil }
                agent.instances.append((id, value))
                place += 2
            }
            agents.append(agent)
        }
        return SharePage(
            epoch: epoch, change: change, hasMore: more == 1, isRestart: restart == 1,
            nextDueMilliseconds: due < 0 ? nil : due, agents: agents)
    }
}
