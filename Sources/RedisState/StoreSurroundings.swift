/// What the stores ask of the world besides Redis.
package struct StoreSurroundings: Sendable {
    /// Nanoseconds of a monotonic clock.
    package var nowNanoseconds: @Sendable () -> Int64
    /// Returns after that many nanoseconds, or at once when the task is cancelled.
    package var sleep: @Sendable (_ nanoseconds: Int64) async -> Void
    /// 64 random bits, others each time.
    package var random: @Sendable () -> UInt64

    /// Makes surroundings.
    package init(
        nowNanoseconds: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Int64) async -> Void,
        random: @escaping @Sendable () -> UInt64
    ) {
        self.nowNanoseconds = nowNanoseconds
        self.sleep = sleep
        self.random = random
    }

    var nowMilliseconds: Int64 { nowNanoseconds() / 1_000_000 }

    /// A number from 0 to 1.
    func jitter() -> Double { Double(random() >> 11) / Double(1 << 53) }

    /// 128 random bits as 32 hexadecimal digits, by which one attempt is told from all others.
    func token() -> [UInt8] { HexText.bytes(of: random()) + HexText.bytes(of: random()) }
}
