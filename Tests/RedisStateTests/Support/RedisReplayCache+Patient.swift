@testable import RedisState

extension RedisReplayCache {
    /// A cache that waits longer than a node's, for loaded machines.
    static func patient(
        _ commands: any RedisCommands, names: KeyNames = KeyNames(), surroundings: StoreSurroundings = .real
    ) -> RedisReplayCache {
        RedisReplayCache(commands: commands, names: names, timeoutMilliseconds: 2_000, surroundings: surroundings)
    }
}
