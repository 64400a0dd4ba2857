import Synchronization

/// A number in Redis that says that something outside of Redis has changed; every node looks at it then, at once.
///
/// It goes up by one each time somebody advances it. A node that was away when the word went round sees the number later. What
/// has changed never passes through Redis: for key rings that would be the keys.
package final class SharedGeneration: Sendable {
    private static let pullNanoseconds: Int64 = 1_000_000_000

    private let share: any GenerationShare
    private let around: StoreSurroundings
    private let known = Mutex<Int64?>(nil)
    private let alarm = Alarm()

    /// Makes a generation.
    ///
    /// - Parameter subject: what it is of; part of the names in Redis.
    package convenience init(
        of subject: String, commands: any RedisCommands, subscriptions: any RedisSubscriptions,
        names: KeyNames = KeyNames(), surroundings: StoreSurroundings
    ) {
        self.init(
            RedisGenerationShare(of: subject, commands: commands, subscriptions: subscriptions, names: names),
            surroundings: surroundings)
    }

    init(_ share: any GenerationShare, surroundings: StoreSurroundings) {
        self.share = share
        around = surroundings
    }

    /// The number that this node has seen last; nil before the first.
    package var current: Int64? { known.withLock { $0 } }

    /// Tells all nodes that there is something to look at; this one looks, too.
    package func advance() async -> Result<Int64, RedisFailure> {
        let result = await share.advance()
        alarm.ring()
        return result
    }

    /// Follows the number until its task is cancelled; to be called once.
    ///
    /// - Parameter look: called at the first number and at every other one; the next waits until it returns.
    package func run(_ look: @escaping @Sendable () async -> Void) async {
        await withTaskGroup { group in
            group.addTask { await self.listen() }
            group.addTask {
                while !Task.isCancelled {
                    if await self.isNews() { await look() }
                    await self.alarm.sleep(nanoseconds: Self.pullNanoseconds, self.around)
                }
            }
        }
    }

    /// Whether the number is another than at the last look. Redis may have lost it: a smaller one is news, too.
    func isNews() async -> Bool {
        guard case .success(let number) = await share.read() else { return false }
        return known.withLock { known in
            defer { known = number }
            return known != number
        }
    }

    private func listen() async {
        while !Task.isCancelled {
            for await notice in share.notices() {
                switch notice {
                case .listening, .changed: alarm.ring()
                case .lost: break
                }
            }
            await around.sleep(Self.pullNanoseconds)
        }
    }
}
