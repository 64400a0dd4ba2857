import Synchronization

@testable import RedisState

/// A clock that the test moves.
final class TestClock: Sendable {
    private let now = Mutex<Int64>(1_000_000)
    var milliseconds: Int64 { now.withLock { $0 } }
    func advance(milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}

extension StoreSurroundings {
    /// A clock of the test, on which every sleep ends at once and time passes by it.
    static func manual(_ clock: TestClock) -> StoreSurroundings {
        StoreSurroundings(
            nowNanoseconds: { clock.milliseconds * 1_000_000 },
            sleep: { nanoseconds in
                clock.advance(milliseconds: nanoseconds / 1_000_000)
                await Task.yield()
            }, random: { UInt64.random(in: 0...(.max)) })
    }

    /// The machine's own clock, for tests on a real Redis.
    static let real: StoreSurroundings = {
        let start = ContinuousClock.now
        return StoreSurroundings(
            nowNanoseconds: {
                let (seconds, attoseconds) = (ContinuousClock.now - start).components
                return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
            }, sleep: { try? await Task.sleep(for: .nanoseconds($0)) }, random: { UInt64.random(in: 0...(.max)) })
    }()
}
