import Traces

/// Which trace a request belongs to, whether its spans are kept, and what workers are told of it.
struct TraceContext: Sendable {
    /// A request that nobody traces.
    static let none = TraceContext(parent: nil, kept: nil, sampling: nil)

    /// What the caller said; nil when it said nothing, or nothing that is well formed.
    private let parent: TraceParent?
    /// What is noted for the spans; nil where they are not kept.
    let kept: KeptTrace?
    private let sampling: TraceSampling?
    /// What workers are told, whichever is called, as complete header lines; empty before the envelope was read. A kept trace
    /// names each call apart.
    private(set) var headerLines: [UInt8] = []

    init(parent: TraceParent?, kept: KeptTrace?, sampling: TraceSampling?) {
        self.parent = parent
        self.kept = kept
        self.sampling = sampling
    }

    /// Decides on the trace id once the envelope is read, and on what workers are told.
    ///
    /// - Parameter own: the trace id inside the envelope, as text between JSON quotes.
    /// - Returns: the request's trace id, as text between JSON quotes.
    mutating func settle(
        own: ArraySlice<UInt8>?, _ arrival: borrowing Arrival, _ around: some Surroundings
    ) -> [UInt8] {
        if let baggage = arrival.baggage, TraceHeaders.isBaggage(baggage) {
            headerLines.append(header: "baggage: ", baggage)
        }
        guard let parent else { return settleRoot(own, around) }
        if let state = arrival.tracestate, TraceHeaders.isState(state) {
            headerLines.append(header: "tracestate: ", state)
        }
        // A span that nobody keeps is no parent: the caller's stays it.
        if kept == nil { append(isRefused ? parent.unsampled : parent) }
        return own.map { Array($0) } ?? parent.traceId.hex
    }

    /// The trace begins here: where the envelope has an id that is one, by that, so that all who write it down mean the same.
    private mutating func settleRoot(_ own: ArraySlice<UInt8>?, _ around: some Surroundings) -> [UInt8] {
        guard sampling != nil else {
            return own.map { Array($0) } ?? TraceId(random: around.randomBits(), around.randomBits()).hex
        }
        let ownId = own.flatMap { TraceId(hex: $0) }
        if let kept {
            if let ownId { kept.adopt(ownId) }
        } else {
            // Workers must not decide anew; the span's id is nobody's.
            let id = ownId ?? TraceId(random: around.randomBits(), around.randomBits())
            append(
                TraceParent(
                    traceId: id, spanId: SpanId(random: id.high ^ id.low), isSampled: false, isRandom: ownId == nil))
            return own.map { Array($0) } ?? id.hex
        }
        return own.map { Array($0) } ?? kept?.traceId.hex ?? []
    }

    /// The trace where somebody keeps it: this gateway, or without traces of its own the caller.
    func sampled(arrivedAt unixNanoseconds: Int64) -> SampledRequest? {
        if let kept { return SampledRequest(traceId: kept.traceId, unixNanoseconds: unixNanoseconds) }
        guard let parent, sampling == nil, parent.isSampled else { return nil }
        return SampledRequest(traceId: parent.traceId, unixNanoseconds: unixNanoseconds)
    }

    /// Whether the caller keeps a trace that is not kept here.
    private var isRefused: Bool { sampling != nil && parent?.isSampled == true }

    private mutating func append(_ parent: TraceParent) {
        headerLines.reserveCapacity(headerLines.count + 72)
        headerLines.append(literal: "traceparent: ")
        parent.append(to: &headerLines)
        headerLines.append(literal: "\r\n")
    }
}

extension TraceParent {
    fileprivate var unsampled: TraceParent {
        TraceParent(traceId: traceId, spanId: spanId, isSampled: false, isRandom: isRandom)
    }
}

extension [UInt8] {
    fileprivate mutating func append(header name: StaticString, _ value: ArraySlice<UInt8>) {
        reserveCapacity(count + name.utf8CodeUnitCount + value.count + 2 + 72)
        append(literal: name)
        append(contentsOf: value)
        append(literal: "\r\n")
    }
}
