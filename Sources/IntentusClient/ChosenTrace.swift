import Traces

/// The trace that a caller has named by its id alone.
enum ChosenTrace {
    /// A place in that trace with a fresh span, kept by whoever keeps traces; nil for anything but 32 lower-case hex digits.
    static func parent(traceId: String?) -> TraceParent? {
        guard let traceId, let id = TraceId(hex: Array(traceId.utf8)[...]) else { return nil }
        return TraceParent(
            traceId: id, spanId: SpanId(random: .random(in: .min ... .max)), isSampled: true, isRandom: false)
    }
}

extension TraceParent {
    /// A place in a trace that begins here and that nobody keeps.
    static var unkept: TraceParent {
        TraceParent(
            traceId: TraceId(random: .random(in: .min ... .max), .random(in: .min ... .max)),
            spanId: SpanId(random: .random(in: .min ... .max)), isSampled: false)
    }
}

extension Span {
    /// Whoever calls and gets no result has failed, whosever fault that was.
    mutating func fail(_ word: String) {
        isFaulty = true
        attributes.append(SpanAttribute("error.type", word))
    }
}
