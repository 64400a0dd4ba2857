/// When to fetch one issuer's keys, and whether those at hand may still serve: events in, actions out, no clock.
///
/// Times are nanoseconds of a monotonic clock. At most one fetch runs at a time.
package struct KeySetStateMachine: Sendable {
    /// How the keys stand.
    package enum Availability: Sendable, Hashable {
        /// There are keys and they are fresh.
        case ready
        /// There are keys; the issuer could not be asked when it was time, and they may still serve.
        case stale
        /// There are no keys, or only such as are too old.
        case unavailable
    }

    /// What the owner does next.
    package enum Action: Sendable, Equatable {
        /// Fetch, and report with ``fetched(freshForSeconds:ageMilliseconds:jitter:now:)`` or ``failed(jitter:now:)``.
        case fetch(KeySetFetchReason)
        /// Take the keys out of force: they have served as long as they may. Then ask again.
        case withdraw
        /// Nothing until then, unless ``keysWanted(now:)`` asks for a fetch sooner.
        case sleep(untilNanoseconds: Int64)
    }

    /// What a request that lacks a key is told.
    package enum Wish: Sendable, Equatable {
        /// A fetch is running: wait for it.
        case join
        /// A fetch may begin: wake the owner and wait.
        case fetch
        /// Too soon for another fetch: do not wait.
        case tooSoon
    }

    private struct Keys: Sendable {
        var fetchedAt: Int64
        var freshUntil: Int64
        var servesUntil: Int64
    }

    private let timing: KeySetTiming
    private var keys: Keys?
    /// Why a fetch was asked for that has not been reported yet.
    private var running: KeySetFetchReason?
    private var wanted: KeySetFetchReason?
    private var nextFetchAt = Int64.min
    private var wishesFrom = Int64.min
    private var failuresInARow = 0

    /// Makes a machine that wants a fetch at once.
    package init(_ timing: KeySetTiming = KeySetTiming()) {
        self.timing = timing
    }

    /// Whether a fetch was asked for and has not been reported yet.
    package var isFetching: Bool { running != nil }

    /// What to do now.
    package mutating func next(now: Int64) -> Action {
        if let keys, now >= keys.servesUntil {
            self.keys = nil
            return .withdraw
        }
        guard !isFetching else { return .sleep(untilNanoseconds: keys?.servesUntil ?? .max) }
        let isDue = now >= nextFetchAt
        if wanted != nil || isDue {
            // A fetch whose time has come anyway is not one that a token caused.
            let reason = isDue && wanted != .reload ? .scheduled : wanted ?? .scheduled
            wanted = nil
            running = reason
            return .fetch(reason)
        }
        return .sleep(untilNanoseconds: min(nextFetchAt, keys?.servesUntil ?? .max))
    }

    /// A token names a key that is not at hand.
    package mutating func keysWanted(now: Int64) -> Wish {
        if isFetching || wanted != nil { return .join }
        // An issuer that does not answer is asked at the pace of the back-off, not at that of the callers.
        guard failuresInARow == 0 || now >= nextFetchAt, now >= wishesFrom else { return .tooSoon }
        wishesFrom = now + timing.unknownKeyIntervalMilliseconds * 1_000_000
        wanted = .unknownKey
        return .fetch
    }

    /// Whether a fetch has ended, one way or the other.
    package var hasEndedAFetch: Bool { keys != nil || failuresInARow > 0 }

    /// The operator asks for a fetch, for a file has changed; never too soon.
    package mutating func reload() {
        wanted = .reload
    }

    /// A fetch brought keys that can be used.
    ///
    /// - Parameters:
    ///   - freshForSeconds: what the issuer says, if it does.
    ///   - ageMilliseconds: how long ago the issuer served them; more than 0 for the copy of another node's fetch.
    ///   - jitter: 0 to 1, by which issuers and nodes do not ask at the same moment.
    package mutating func fetched(
        freshForSeconds: Int64?, ageMilliseconds: Int64 = 0, jitter: Double, now: Int64
    ) {
        let reason = running
        running = nil
        let servedAt = take(
            freshForSeconds: freshForSeconds, ageMilliseconds: ageMilliseconds, jitter: jitter, now: now)
        guard reason == .unknownKey, servedAt < now else { return }
        // The issuer was not asked for this wish, so the interval counts from when it was; the second keeps callers
        // from setting the pace when it could not be asked.
        let wishes = max(servedAt + timing.unknownKeyIntervalMilliseconds * 1_000_000, now + 1_000_000_000)
        wishesFrom = min(wishesFrom, wishes)
    }

    /// Another node fetched and told us; a fetch of our own that runs goes on.
    package mutating func adopted(freshForSeconds: Int64?, ageMilliseconds: Int64, jitter: Double, now: Int64) {
        _ = take(freshForSeconds: freshForSeconds, ageMilliseconds: ageMilliseconds, jitter: jitter, now: now)
    }

    /// - Returns: when the issuer served the keys.
    private mutating func take(
        freshForSeconds: Int64?, ageMilliseconds: Int64, jitter: Double, now: Int64
    ) -> Int64 {
        let range = timing.freshForSecondsRange
        let seconds = freshForSeconds.map { min(max($0, range.lowerBound), range.upperBound) } ?? timing.freshForSeconds
        // Ten years are more than any configuration means, and what still fits in nanoseconds.
        let freshFor = min(max(seconds, 1), Self.secondsMax) * 1_000_000_000
        let staleMax = min(max(timing.staleMaxSeconds, 0), Self.secondsMax) * 1_000_000_000
        let servedAt = now - min(max(ageMilliseconds, 0), Self.secondsMax * 1_000) * 1_000_000
        keys = Keys(
            fetchedAt: servedAt, freshUntil: servedAt + freshFor, servesUntil: servedAt + max(freshFor, staleMax))
        // Ahead of expiry, at 75 to 85 % of the time, so that one failure and its repetition still fit.
        nextFetchAt = servedAt + Int64(Double(freshFor) * (0.85 - 0.1 * Self.clamped(jitter)))
        if nextFetchAt > now {
            failuresInARow = 0
        } else {
            // An old copy stands in for an issuer that does not answer: try again, but not at once.
            backOff(jitter: jitter, now: now)
        }
        return servedAt
    }

    /// A fetch failed, or brought keys that cannot be used; what is at hand serves on.
    ///
    /// - Parameter jitter: 0 to 1; the wait is 50 to 100 % of the back-off.
    package mutating func failed(jitter: Double, now: Int64) {
        running = nil
        backOff(jitter: jitter, now: now)
    }

    private mutating func backOff(jitter: Double, now: Int64) {
        failuresInARow += 1
        let doublings = Int64(1) << Int64(min(failuresInARow - 1, 20))
        let wait = min(timing.backOffFirstMilliseconds * doublings, timing.backOffMaxMilliseconds)
        nextFetchAt = now + Int64(Double(wait) * (0.5 + 0.5 * Self.clamped(jitter)) * 1_000_000)
    }

    /// How the keys stand now.
    package func availability(now: Int64) -> Availability {
        guard let keys, now < keys.servesUntil else { return .unavailable }
        return now < keys.freshUntil ? .ready : .stale
    }

    /// How long ago the last fetch succeeded whose keys are in force; nil without keys.
    package func ageSeconds(now: Int64) -> Int64? {
        keys.map { max(now - $0.fetchedAt, 0) / 1_000_000_000 }
    }

    /// When a caller without keys should try again; at least 1.
    package func retryAfterSeconds(now: Int64) -> Int {
        guard !isFetching, nextFetchAt > now else { return 1 }
        return Int((nextFetchAt - now + 999_999_999) / 1_000_000_000)
    }

    private static let secondsMax: Int64 = 315_360_000

    private static func clamped(_ jitter: Double) -> Double {
        min(max(jitter, 0), 1)
    }
}
