import Synchronization

/// Looks at the memory of Redis every ten seconds, beside all requests.
package final class RedisMemoryWatch: Sendable {
    private static let everyNanoseconds: Int64 = 10_000_000_000
    private static let answerMilliseconds: Int64 = 1_000

    private let client: RedisClient
    private let around: StoreSurroundings
    private let onChange: @Sendable (RedisMemoryState.Alarm?) -> Void
    private let state = Mutex(RedisMemoryState())

    /// Makes a watch.
    ///
    /// - Parameter onChange: told of each other alarm, and nil when there is none any more.
    package init(
        client: RedisClient, surroundings: StoreSurroundings,
        onChange: @escaping @Sendable (RedisMemoryState.Alarm?) -> Void
    ) {
        self.client = client
        around = surroundings
        self.onChange = onChange
    }

    /// What is known.
    package var current: RedisMemoryState { state.withLock { $0 } }

    /// Looks until its task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            await look()
            await around.sleep(Self.everyNanoseconds)
        }
    }

    /// Looks once; servers that do not answer, or a user who may not ask, change nothing.
    package func look() async {
        let replies = await client.askMasters(["INFO"], timeoutMilliseconds: Self.answerMilliseconds)
        let servers = replies.map { reply -> RedisMemory? in
            guard case .success(let value) = reply, let text = value.text else { return nil }
            return RedisMemory(info: text)
        }
        let now = around.nowNanoseconds()
        let (isChanged, alarm) = state.withLock { ($0.note(servers, nowNanoseconds: now), $0.alarm) }
        if isChanged { onChange(alarm) }
    }
}
