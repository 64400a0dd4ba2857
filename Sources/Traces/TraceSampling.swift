/// Whose spans are kept: those of callers that keep theirs, and a share of the traces that begin here.
package struct TraceSampling: Sendable, Hashable {
    /// Traces that begin with an id below this are kept, of 56 bits; 2^56 keeps all.
    private let threshold: UInt64
    /// Whether a caller's word counts on whether its trace is kept.
    package let followsParents: Bool

    /// - Parameter ratio: the share of traces that are kept, 0 to 1.
    package init(ratio: Double, followsParents: Bool = true) {
        threshold = UInt64((max(0, min(1, ratio)) * Double(Self.range)).rounded())
        self.followsParents = followsParents
    }

    /// Whether a trace that nobody decided on is kept: by the lowest 56 bits of its id, as OpenTelemetry does, so that all who
    /// decide by the same ratio keep the same ones.
    package func keepsTrace(low: UInt64) -> Bool { low & (Self.range - 1) < threshold }

    /// Whether the trace of a caller is kept.
    package func keeps(_ parent: TraceParent) -> Bool {
        followsParents ? parent.isSampled : keepsTrace(low: parent.traceId.low)
    }

    private static let range: UInt64 = 1 << 56
}
