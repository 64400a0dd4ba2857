/// The node list in Redis: who is there until when in a sorted set, what they say of themselves in a hash, both in one
/// slot and gone by themselves when nobody renews them.
package struct RedisNodeShare: NodeShare {
    /// The most nodes of a cluster.
    package static let nodesMax = 1_000
    /// The longest that a node may be taken for alive without a word.
    static let timeToLiveMillisecondsMax: Int64 = 60_000

    private let commands: any RedisCommands
    private let keys: [[UInt8]]
    private let timeoutMilliseconds: Int64?

    /// Makes a share.
    ///
    /// - Parameter timeoutMilliseconds: how long an answer may take; nil for the client's own bound.
    package init(commands: any RedisCommands, names: KeyNames = KeyNames(), timeoutMilliseconds: Int64? = nil) {
        self.commands = commands
        keys = [names.key(tag: "nodes", "alive"), names.key(tag: "nodes", "records")]
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    package func announce(
        _ record: NodeRecord, timeToLiveMilliseconds: Int64
    ) async -> Result<[NodeRecord], RedisFailure> {
        let timeToLive = min(max(timeToLiveMilliseconds, 1), Self.timeToLiveMillisecondsMax)
        let arguments = [
            Array(record.id.utf8), record.encoded, Array("\(timeToLive)".utf8),
            Array("\(Self.timeToLiveMillisecondsMax)".utf8), Array("\(Self.nodesMax)".utf8),
            Array("\(NodeRecord.bytesMax)".utf8),
        ]
        let reply = await commands.run(
            Self.announcing, keys: keys, arguments: arguments, timeoutMilliseconds: timeoutMilliseconds)
        return reply.flatMap { value in
            guard let records = value.array else { return .failure(.unexpectedReply("no list of nodes")) }
            // What no node wrote is no node.
            return .success(records.compactMap { $0.bytes.flatMap(NodeRecord.init(decoding:)) })
        }
    }

    package func remove(id: String) async -> Result<Void, RedisFailure> {
        await commands.run(
            Self.leaving, keys: keys, arguments: [Array(id.utf8)], timeoutMilliseconds: timeoutMilliseconds
        ).map { _ in }
    }
}

extension RedisNodeShare {
    /// KEYS: alive, records · ARGV: id, record, time to live, longest time to live, most nodes, most bytes of a record.
    ///
    /// What is of another type under our names is none of ours and gives way; ends beyond the longest time to live are
    /// nobody's.
    static let announcing = RedisScript(
        name: "nodes.announce",
        text: """
            local time = redis.call('TIME')
            local now = time[1] * 1000 + math.floor(time[2] / 1000)
            local types = {'zset', 'hash'}
            for i, key in ipairs(KEYS) do
                local type = redis.call('TYPE', key).ok
                if type ~= types[i] and type ~= 'none' then redis.call('DEL', key) end
            end
            local longest = tonumber(ARGV[4])
            local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 100)
            for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], now + longest + 1, '+inf', 'LIMIT', 0, 100)) do
                gone[#gone + 1] = id
            end
            if #gone > 0 then
                redis.call('ZREM', KEYS[1], unpack(gone))
                redis.call('HDEL', KEYS[2], unpack(gone))
            end
            if redis.call('HLEN', KEYS[2]) > 2 * tonumber(ARGV[5]) then redis.call('DEL', KEYS[2]) end
            redis.call('ZADD', KEYS[1], now + tonumber(ARGV[3]), ARGV[1])
            redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
            for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, longest) end
            local ids = redis.call('ZRANGEBYSCORE', KEYS[1], now + 1, now + longest, 'LIMIT', 0, ARGV[5])
            local records = {}
            if #ids > 0 then
                for _, record in ipairs(redis.call('HMGET', KEYS[2], unpack(ids))) do
                    if record and #record <= tonumber(ARGV[6]) then records[#records + 1] = record end
                end
            end
            return records
            """)

    /// KEYS: alive, records · ARGV: id.
    static let leaving = RedisScript(
        name: "nodes.leave",
        text: """
            local types = {'zset', 'hash'}
            for i, key in ipairs(KEYS) do
                local type = redis.call('TYPE', key).ok
                if type ~= types[i] and type ~= 'none' then redis.call('DEL', key) end
            end
            redis.call('ZREM', KEYS[1], ARGV[1])
            return redis.call('HDEL', KEYS[2], ARGV[1])
            """)
}
