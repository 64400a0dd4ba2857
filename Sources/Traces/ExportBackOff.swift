/// When a batch that was not taken is sent again, and when it is given up.
package struct ExportBackOff: Sendable {
    /// The first wait; each further one is twice as long, and up to half of it again by chance.
    package var firstMilliseconds: Int64 = 1_000
    package var longestMilliseconds: Int64 = 30_000
    /// From the first attempt on; a wait that would end later is not begun.
    package var patienceMilliseconds: Int64 = 60_000

    package init() {}

    /// Milliseconds until the next attempt; nil when the batch is to be given up.
    ///
    /// - Parameters:
    ///   - attempt: how many there were.
    ///   - asked: what the receiver said in `Retry-After`.
    ///   - spent: since the first attempt.
    ///   - jitter: 0 to 1, by chance.
    package func wait(
        attempt: Int, askedMilliseconds asked: Int64?, spentMilliseconds spent: Int64, jitter: Double
    ) -> Int64? {
        let doubled = firstMilliseconds << Int64(min(max(attempt - 1, 0), 20))
        let own = min(longestMilliseconds, doubled)
        let wait = max(own + Int64(Double(own) / 2 * max(0, min(1, jitter))), asked ?? 0)
        return spent + wait <= patienceMilliseconds ? wait : nil
    }
}
