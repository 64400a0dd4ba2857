import Routing

/// The marks in Redis: one sorted set of names by the time of their end, on Redis' clock, so that none outlives its time.
struct RedisDrainShare: DrainShare {
    /// An answer is no matter of the few milliseconds that a limiter may wait.
    private static let timeoutMilliseconds: Int64 = 1_000

    private let commands: any RedisCommands
    private let subscriptions: any RedisSubscriptions
    private let keys: [[UInt8]]
    private let channel: String

    init(commands: any RedisCommands, subscriptions: any RedisSubscriptions, names: KeyNames) {
        self.commands = commands
        self.subscriptions = subscriptions
        keys = [names.key(tag: "drains", "marks")]
        channel = names.channel("drains")
    }

    func change(_ mark: DrainMarks.Mark, forMilliseconds milliseconds: Int64?) async -> Result<Bool, RedisFailure> {
        let arguments = [
            Array(channel.utf8), Self.member(mark), Array("\(milliseconds ?? 0)".utf8),
            Array("\(DrainMarks.countMax)".utf8),
        ]
        let reply = await commands.run(
            Self.changing, keys: keys, arguments: arguments, timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.flatMap { value in
            guard let number = value.integer else { return .failure(.unexpectedReply("none to a drain")) }
            return .success(number == 1)
        }
    }

    func marks() async -> Result<[DrainMarks.Mark: Int64], RedisFailure> {
        let reply = await commands.run(
            Self.listing, keys: keys, arguments: [Array("\(DrainMarks.countMax)".utf8)],
            timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.flatMap { value in
            guard let list = value.array, list.count % 2 == 0 else {
                return .failure(.unexpectedReply("no list of drains"))
            }
            var marks: [DrainMarks.Mark: Int64] = [:]
            for place in stride(from: 0, to: list.count, by: 2) {
                // What no node wrote is no mark.
                guard let member = list[place].bytes, let left = list[place + 1].integer, let mark = Self.mark(member)
                else { continue }
                marks[mark] = left
            }
            return .success(marks)
        }
    }

    func notices() -> AsyncStream<ShareNotice> { subscriptions.notices(on: channel) }

    /// Names of agents and instances hold no slash.
    private static func member(_ mark: DrainMarks.Mark) -> [UInt8] {
        Array(mark.agent.utf8) + (mark.instance.map { [UInt8(ascii: "/")] + Array($0.utf8) } ?? [])
    }

    private static func mark(_ member: [UInt8]) -> DrainMarks.Mark? {
        guard member.count <= 1_024, let text = String(validating: member, as: UTF8.self) else { return nil }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { return nil }
        return DrainMarks.Mark(agent: String(parts[0]), instance: parts.count == 2 ? String(parts[1]) : nil)
    }
}

extension RedisDrainShare {
    /// KEYS: marks · ARGV: channel, name, milliseconds that it holds or 0 for none, most marks.
    ///
    /// A key of another type is nobody's and gives way.
    static let changing = RedisScript(
        name: "drains.change",
        text: """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local type = redis.call('TYPE', KEYS[1]).ok
            if type ~= 'zset' and type ~= 'none' then redis.call('DEL', KEYS[1]) end
            for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)) do
                redis.call('ZREM', KEYS[1], name)
            end
            local hold = tonumber(ARGV[3])
            if hold > 0 then
                local known = redis.call('ZSCORE', KEYS[1], ARGV[2])
                if not known and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
                redis.call('ZADD', KEYS[1], now + hold, ARGV[2])
                if redis.call('PTTL', KEYS[1]) < hold then redis.call('PEXPIRE', KEYS[1], hold + 1000) end
            else
                redis.call('ZREM', KEYS[1], ARGV[2])
            end
            redis.call('PUBLISH', ARGV[1], 'changed')
            return 1
            """)

    /// KEYS: marks · ARGV: most marks.
    static let listing = RedisScript(
        name: "drains.list",
        text: """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local type = redis.call('TYPE', KEYS[1]).ok
            if type ~= 'zset' then return {} end
            local list = redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, '+inf', 'WITHSCORES', 'LIMIT', 0, ARGV[1])
            for i = 2, #list, 2 do list[i] = tonumber(list[i]) - now end
            return list
            """)
}
