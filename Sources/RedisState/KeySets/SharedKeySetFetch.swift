import Identity

/// One fetch of a node that shares an issuer with others: answers of the store in, the next step out; no clock, no I/O.
struct SharedKeySetFetch: Sendable {
    /// What the owner does next.
    enum Step: Sendable, Hashable {
        /// Ask the store.
        case ask
        /// Sleep, then ask the store.
        case wait(milliseconds: Int64)
        /// Ask the issuer as the holder of the lock, which was given at that time of the store.
        case fetch(nowMilliseconds: Int64)
        /// Ask the issuer without the lock: the store is away, or its lock does not come free.
        case fetchAlone
        /// Done: this copy is good enough.
        case take(KeySetCopy, ageMilliseconds: Int64)
        /// Done: what the node has serves on, as there is nothing newer to be had now.
        case keep
        /// Done: there is nothing; the text says why.
        case fail(String)
    }

    /// What the node has already.
    struct Held: Sendable, Hashable {
        let label: [UInt8]
        let ageMilliseconds: Int64
    }

    /// A copy that can serve, and how old it was by the store's time.
    struct Candidate: Sendable, Hashable {
        let copy: KeySetCopy
        let ageMilliseconds: Int64
    }

    /// More looks than waiting can cause mean that somebody changes the value all the time.
    static let asksMax = 200

    private let held: Held?
    private let timing: SharedKeySetTiming
    private let keyTiming: KeySetTiming
    private(set) var question: KeySetQuestion
    /// The newest usable copy that was seen; it serves when the issuer does not answer.
    private(set) var candidate: Candidate?
    private var beganAtMilliseconds: Int64?
    private var waitedMilliseconds: Int64 = 0
    private var nextWaitMilliseconds: Int64
    private var asks = 0

    init(
        question: KeySetQuestion, held: Held?, timing: SharedKeySetTiming, keyTiming: KeySetTiming
    ) {
        self.question = question
        self.held = held
        self.timing = timing
        self.keyTiming = keyTiming
        self.question.knownLabel = held?.label ?? []
        nextWaitMilliseconds = timing.waitStepMilliseconds
    }

    /// The store has no news but an outcome.
    mutating func answered(_ outcome: KeySetAnswer.Outcome, nowMilliseconds now: Int64) -> Step {
        beganAtMilliseconds = beganAtMilliseconds ?? now
        switch outcome {
        case .copy(let value): return unusable(label: KeySetCopy.label(of: value))  // the owner reads it first
        case .unusable(let label, _): return unusable(label: label)
        case .mayFetch: return .fetch(nowMilliseconds: now)
        case .held: return wait()
        case .tooSoon: return takeCandidate() ?? (held == nil ? .fetchAlone : .keep)
        case .failedElsewhere(let text): return takeCandidate() ?? .fail("another node failed: \(text)")
        }
    }

    /// The store has a copy that can be used.
    mutating func found(_ copy: KeySetCopy, label: [UInt8], nowMilliseconds now: Int64) -> Step {
        beganAtMilliseconds = beganAtMilliseconds ?? now
        question.knownLabel = label
        let age = now - copy.servedAtMilliseconds
        // What is older than what we have is of no use.
        guard age < Self.servesForMilliseconds(copy, keyTiming) else { return again() }
        guard held.map({ age <= $0.ageMilliseconds }) ?? true else { return again() }
        candidate = Candidate(copy: copy, ageMilliseconds: max(age, 0))
        return isEnough(copy, ageMilliseconds: age) ? .take(copy, ageMilliseconds: max(age, 0)) : again()
    }

    /// The store has a value that cannot be used; it is passed over.
    mutating func unusable(label: [UInt8]) -> Step {
        question.knownLabel = label
        return again()
    }

    private mutating func again() -> Step {
        asks += 1
        return asks < Self.asksMax ? .ask : .fetchAlone
    }

    private mutating func wait() -> Step {
        guard waitedMilliseconds < timing.waitMillisecondsMax, asks < Self.asksMax else { return .fetchAlone }
        defer { nextWaitMilliseconds = min(nextWaitMilliseconds * 2, timing.waitStepMillisecondsMax) }
        asks += 1
        waitedMilliseconds += nextWaitMilliseconds
        return .wait(milliseconds: nextWaitMilliseconds)
    }

    private func takeCandidate() -> Step? {
        candidate.map { .take($0.copy, ageMilliseconds: $0.ageMilliseconds) }
    }

    private func isEnough(_ copy: KeySetCopy, ageMilliseconds age: Int64) -> Bool {
        switch question.reason {
        // Beyond three quarters of its time a refresh is due, and this fetch is it.
        case .scheduled: age < Self.freshForMilliseconds(copy, keyTiming) / 4 * 3
        case .unknownKey: age < timing.unknownKeyIntervalMilliseconds
        // The operator knows of a change: only what was fetched since he asked will do.
        case .reload: copy.servedAtMilliseconds > (beganAtMilliseconds ?? .max)
        }
    }

    /// How long a copy is fresh, by what the issuer said within our own bounds.
    static func freshForMilliseconds(_ copy: KeySetCopy, _ timing: KeySetTiming) -> Int64 {
        let range = timing.freshForSecondsRange
        let seconds = copy.freshForSeconds.map { min(max($0, range.lowerBound), range.upperBound) }
        return (seconds ?? timing.freshForSeconds) * 1_000
    }

    /// How long a copy may serve while the issuer does not answer.
    static func servesForMilliseconds(_ copy: KeySetCopy, _ timing: KeySetTiming) -> Int64 {
        max(freshForMilliseconds(copy, timing), timing.staleMaxSeconds * 1_000)
    }
}
