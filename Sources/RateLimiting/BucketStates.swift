/// The states of all buckets of one request, in the order of its demands; the first is kept inline, as most have but
/// one.
package struct BucketStates: Sendable, Hashable, RandomAccessCollection {
    private var first: BucketState?
    private var others: [BucketState]

    /// No limit applied.
    package init() {
        first = nil
        others = []
    }

    init(_ only: BucketState) {
        first = only
        others = []
    }

    init(_ states: [BucketState]) {
        first = states.first
        others = states.count > 1 ? Array(states.dropFirst()) : []
    }

    /// Always 0.
    package var startIndex: Int { 0 }
    /// The number of states.
    package var endIndex: Int { first == nil ? 0 : others.count + 1 }

    /// The state of the demand at that place.
    package subscript(position: Int) -> BucketState {
        guard position == 0, let first else { return others[position - 1] }
        return first
    }

    /// The place of the limit nearest to refusing: a refusal with the longest wait, else the fewest tokens left.
    ///
    /// Shadow limits are passed over, for they never refuse; nil when there is no other.
    package var mostConstrained: Int? {
        var found: Int?
        for index in indices where !self[index].shadow {
            guard let best = found else {
                found = index
                continue
            }
            if Self.isNearer(self[index], than: self[best]) { found = index }
        }
        return found
    }

    static func isNearer(_ state: BucketState, than other: BucketState) -> Bool {
        switch (state.verdict, other.verdict) {
        case (.refusesForGood, .refusesForGood), (.admits, .admits):
            return (state.remainingTokens, other.fullAfterNanoseconds)
                < (other.remainingTokens, state.fullAfterNanoseconds)
        case (.refuses, .refuses): return state.waitNanoseconds > other.waitNanoseconds
        case (.refusesForGood, _): return true
        case (_, .refusesForGood): return false
        case (.refuses, .admits): return true
        case (.admits, .refuses): return false
        }
    }
}
