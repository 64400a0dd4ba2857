import Synchronization

@testable import RedisState

/// A Redis of a few commands in memory, on a clock of the test: SET NX PX and GET.
final class MemoryRedis: RedisCommands {
    private struct State {
        var values: [[UInt8]: (bytes: [UInt8], expiresAt: Int64)] = [:]
    }

    private let clock: TestClock
    private let state = Mutex(State())

    init(clock: TestClock) { self.clock = clock }

    func send(_ command: RedisCommand) async -> Result<RedisValue, RedisFailure> {
        let words = command.words
        let texts = words.map { String(decoding: $0, as: UTF8.self) }
        let now = clock.milliseconds
        return state.withLock { state in
            state.values = state.values.filter { $0.value.expiresAt > now }
            switch (texts[0], words.count) {
            case ("SET", 6) where texts[3] == "NX" && texts[4] == "PX":
                guard state.values[words[1]] == nil else { return .success(.null) }
                state.values[words[1]] = (words[2], now + (Int64(texts[5]) ?? 0))
                return .success(.status("OK"))
            case ("GET", 2): return .success(state.values[words[1]].map { .bytes($0.bytes) } ?? .null)
            default: return .failure(.refused(RedisServerError(line: "ERR unknown command '\(texts[0])'")))
            }
        }
    }

    func run(
        _ script: RedisScript, keys: [[UInt8]], arguments: [[UInt8]], timeoutMilliseconds: Int64?
    ) async -> Result<RedisValue, RedisFailure> {
        .failure(.refused(RedisServerError(line: "ERR no scripts here")))
    }
}
