/// A number in Redis, and a channel on which its change is told.
struct RedisGenerationShare: GenerationShare {
    /// An answer is no matter of the few milliseconds that a limiter may wait.
    private static let timeoutMilliseconds: Int64 = 1_000

    private let commands: any RedisCommands
    private let subscriptions: any RedisSubscriptions
    private let keys: [[UInt8]]
    private let channel: String

    init(
        of subject: String, commands: any RedisCommands, subscriptions: any RedisSubscriptions, names: KeyNames
    ) {
        self.commands = commands
        self.subscriptions = subscriptions
        keys = [names.key(tag: "generations", subject)]
        channel = names.channel("generations:\(subject)")
    }

    func advance() async -> Result<Int64, RedisFailure> { await number(Self.advancing, [Array(channel.utf8)]) }

    func read() async -> Result<Int64, RedisFailure> { await number(Self.reading, []) }

    func notices() -> AsyncStream<ShareNotice> { subscriptions.notices(on: channel) }

    private func number(_ script: RedisScript, _ arguments: [[UInt8]]) async -> Result<Int64, RedisFailure> {
        let reply = await commands.run(
            script, keys: keys, arguments: arguments, timeoutMilliseconds: Self.timeoutMilliseconds)
        return reply.flatMap { value in
            guard let number = value.integer else { return .failure(.unexpectedReply("no generation")) }
            return .success(number)
        }
    }
}

extension RedisGenerationShare {
    /// What stands under our name and is no number of up to 15 digits, which Lua counts exactly, is nobody's.
    private static let known = """
        local known = 0
        if redis.call('TYPE', KEYS[1]).ok == 'string' and redis.call('STRLEN', KEYS[1]) <= 15 then
            known = tonumber(string.match(redis.call('GET', KEYS[1]), '^%d+$')) or 0
        end

        """

    /// KEYS: number · ARGV: channel. Gone after a week without a change, which costs each node one look.
    static let advancing = RedisScript(
        name: "generations.advance",
        text: known + """
            redis.call('SET', KEYS[1], string.format('%d', known + 1), 'PX', 604800000)
            redis.call('PUBLISH', ARGV[1], 'changed')
            return known + 1
            """)

    /// KEYS: number.
    static let reading = RedisScript(name: "generations.read", text: known + "return known")
}
