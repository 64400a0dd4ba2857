/// What the stores ask of a Redis client; the client of a running node and the fakes of tests are such.
package protocol RedisCommands: Sendable {
    /// Sends a command and waits for its reply, within the command's time.
    func send(_ command: RedisCommand) async -> Result<RedisValue, RedisFailure>

    /// Runs a script by its digest, and loads it where the server does not know it.
    ///
    /// - Parameters:
    ///   - keys: all in one slot; the first one routes.
    ///   - timeoutMilliseconds: nil for the client's own bound.
    func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]], timeoutMilliseconds: Int64?
    ) async -> Result<RedisValue, RedisFailure>
}

/// What a subscription tells its reader.
package enum RedisSubscriptionEvent: Sendable, Hashable {
    /// From now on messages come; what was published before is not known: read the state anew.
    case subscribed
    /// Somebody published.
    case message(channel: String, payload: [UInt8])
    /// The connection was lost; ``subscribed`` follows when there is another.
    case lost
}

/// Where messages of other nodes come from.
package protocol RedisSubscriptions: Sendable {
    /// Messages on these channels until the stream's reader goes; the newest of a bounded number are kept.
    func messages(on channels: [String]) -> AsyncStream<RedisSubscriptionEvent>
}
