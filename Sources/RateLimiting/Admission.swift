/// The decision over all limits of a request: every one took its cost, or none did.
package enum Admission: Sendable, Hashable {
    /// Every enforced limit covered its cost, and all costs were taken.
    case admitted(BucketStates)
    /// At least one enforced limit refused, and nothing was taken anywhere.
    ///
    /// `retryAfterMilliseconds` is when every enforced limit would admit, rounded up; nil when one never will.
    /// `limiting` is the demand that refused, the one with the longest wait if there are several.
    case refused(BucketStates, retryAfterMilliseconds: Int64?, limiting: Int)

    /// How the buckets stand.
    package var states: BucketStates {
        switch self {
        case .admitted(let states): states
        case .refused(let states, _, _): states
        }
    }

    /// Whether the request may go on.
    package var isAdmitted: Bool {
        switch self {
        case .admitted: true
        case .refused: false
        }
    }

    /// Decides from what each bucket said.
    init(_ states: BucketStates) {
        guard let limiting = states.mostConstrained, states[limiting].isRefusal else {
            self = .admitted(states)
            return
        }
        guard states[limiting].verdict == .refuses else {
            self = .refused(states, retryAfterMilliseconds: nil, limiting: limiting)
            return
        }
        let milliseconds = Self.millisecondsRoundedUp(states[limiting].waitNanoseconds)
        self = .refused(states, retryAfterMilliseconds: milliseconds, limiting: limiting)
    }

    private static func millisecondsRoundedUp(_ nanoseconds: Int64) -> Int64 {
        max(1, nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1))
    }
}
