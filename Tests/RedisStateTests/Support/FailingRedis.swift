import Synchronization

@testable import RedisState

/// Passes commands on, or fails them as the test says.
final class FailingRedis: RedisCommands {
    private let inner: any RedisCommands
    private let failing = Mutex<RedisFailure?>(nil)
    let asked = Atomic<Int>(0)

    init(_ inner: any RedisCommands) { self.inner = inner }

    /// Fails everything from now on; nil lets it pass again.
    func fail(_ failure: RedisFailure?) { failing.withLock { $0 = failure } }

    func send(_ command: RedisCommand) async -> Result<RedisValue, RedisFailure> {
        asked.add(1, ordering: .relaxed)
        if let failure = failing.withLock({ $0 }) { return .failure(failure) }
        return await inner.send(command)
    }

    func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]], timeoutMilliseconds: Int64?
    ) async -> Result<RedisValue, RedisFailure> {
        asked.add(1, ordering: .relaxed)
        if let failure = failing.withLock({ $0 }) { return .failure(failure) }
        return await inner.run(script, keys: keys, arguments: arguments, timeoutMilliseconds: timeoutMilliseconds)
    }
}
