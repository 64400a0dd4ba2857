/// Whose spans are kept: those of callers whose word counts and that keep theirs, and a share of all other traces.
package struct TraceSampling: Sendable, Hashable {
    /// Whose word counts on whether its trace is kept.
    package enum Parents: Sendable, Hashable {
        case followed
        /// Those of callers that are known as services before any token is looked at.
        case services
        case ignored
    }

    /// Traces whose draw is below this are kept, of 56 bits; 2^56 keeps all.
    private let threshold: UInt64
    private let parents: Parents

    /// - Parameter ratio: the share of traces that are kept where no caller decides, 0 to 1.
    package init(ratio: Double, parents: Parents = .services) {
        threshold = UInt64((max(0, min(1, ratio)) * Double(Self.range)).rounded())
        self.parents = parents
    }

    /// Whether a trace that is decided on here is kept, by the lowest 56 bits of a number.
    ///
    /// The number must be ours. The id of a caller's trace is not: whoever writes one of many zeros would always be kept.
    package func keeps(draw: UInt64) -> Bool { draw & (Self.range - 1) < threshold }

    /// Whether the caller decides.
    package func follows(isService: @autoclosure () -> Bool) -> Bool {
        switch parents {
        case .followed: true
        case .services: isService()
        case .ignored: false
        }
    }

    private static let range: UInt64 = 1 << 56
}
