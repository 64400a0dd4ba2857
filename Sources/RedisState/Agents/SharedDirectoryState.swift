import Routing

/// How far a node has read the shared directory, and what an absence in it means: pages and failures in, what to do out;
/// no clock, no I/O.
struct SharedDirectoryState: Sendable {
    /// What a page asks the owner to do, in this order: apply the agents, then retain only those named, then pull again.
    struct Outcome: Sendable, Hashable {
        /// What happens to instances that the store does not name.
        var absence: DirectoryStore.Absence
        /// The names of all agents, at the end of a complete reading.
        var complete: Set<ExactText>?
        /// Whether there is more to pull at once.
        var hasMore: Bool
        /// Whether the store answers for the first time, or again.
        var isFound: Bool
    }

    private let timing: SharedDirectoryTiming
    private var place = SharePlace()
    private var seen: Set<ExactText> = []
    private var restartsNext = false
    /// Whether the last page of a reading has come and is not in force yet.
    private var isApplying = false
    private var contactSinceNanoseconds: Int64?
    private var awaySinceNanoseconds: Int64?
    private var hasLapsed = false
    private var lingersUntilNanoseconds = Int64.min
    private var nextDueMilliseconds: Int64?

    init(timing: SharedDirectoryTiming) {
        self.timing = timing
    }

    /// Whether the store does not answer.
    var isAway: Bool { awaySinceNanoseconds != nil }

    /// Whether the whole directory was read, is in force, and is followed since.
    var isComplete: Bool { contactSinceNanoseconds != nil && !place.isLoading && !isApplying }

    /// From where to pull next.
    ///
    /// Nobody is taken out until the store has answered for a while: after an outage heartbeats that could not be written
    /// come first.
    mutating func nextPlace(nowNanoseconds now: Int64) -> SharePlace {
        if restartsNext {
            restartsNext = false
            place.change = 0
            place.isLoading = true
            seen = []
        }
        var place = place
        place.sweeps = contactSinceNanoseconds.map { now - $0 >= timing.sweepAfterMilliseconds * 1_000_000 } ?? false
        return place
    }

    /// How long to wait for the next look when no notice comes: not longer than until somebody is due to leave.
    func waitMilliseconds(nowNanoseconds now: Int64) -> Int64 {
        let sweepsFrom = contactSinceNanoseconds.map { $0 + timing.sweepAfterMilliseconds * 1_000_000 } ?? .max
        guard now >= sweepsFrom, let due = nextDueMilliseconds else { return timing.pullMilliseconds }
        return min(max(due + 1, timing.pullMillisecondsMin), timing.pullMilliseconds)
    }

    /// A page came.
    mutating func arrived(_ page: SharePage, names: [ExactText], nowNanoseconds now: Int64) -> Outcome {
        let isFound = contactSinceNanoseconds == nil
        if isFound { contactSinceNanoseconds = now }
        // After an outage the store may have lost what it confirmed: what it does not name gets the time of some
        // heartbeats to be written anew.
        let isAnother = !place.epoch.isEmpty && place.epoch != page.epoch
        if isAnother || awaySinceNanoseconds != nil {
            lingersUntilNanoseconds = now + timing.lingerMilliseconds * 1_000_000
        }
        awaySinceNanoseconds = nil
        hasLapsed = false
        if page.isRestart {
            place.isLoading = true
            seen = []
        }
        place.epoch = page.epoch
        place.change = page.change
        nextDueMilliseconds = page.nextDueMilliseconds
        if place.isLoading { seen.formUnion(names) }
        var complete: Set<ExactText>?
        if place.isLoading, !page.hasMore {
            complete = seen
            isApplying = true
            seen = []
            place.isLoading = false
        }
        let absence: DirectoryStore.Absence =
            now < lingersUntilNanoseconds ? .lingers(untilNanoseconds: lingersUntilNanoseconds) : .leaves
        return Outcome(absence: absence, complete: complete, hasMore: page.hasMore, isFound: isFound)
    }

    /// What the last page asked for was done.
    mutating func applied() { isApplying = false }

    /// The store did not answer; when it does, all is read anew.
    ///
    /// - Returns: whether that is news.
    mutating func failed(nowNanoseconds now: Int64) -> Bool {
        let isNews = awaySinceNanoseconds == nil
        if isNews { awaySinceNanoseconds = now }
        contactSinceNanoseconds = nil
        restart()
        return isNews
    }

    /// Notices may have been missed, or the configuration changed: all is read anew.
    ///
    /// A page that is under way is taken still; what it says is true, and the reading after it is complete.
    mutating func restart() {
        restartsNext = true
    }

    /// Whether the last known directory has stood for the store as long as it may; true once for each outage.
    mutating func lapses(nowNanoseconds now: Int64) -> Bool {
        guard let awaySinceNanoseconds, !hasLapsed,
            now - awaySinceNanoseconds >= timing.keepMilliseconds * 1_000_000
        else { return false }
        hasLapsed = true
        return true
    }
}
