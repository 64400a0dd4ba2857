package import Traces

/// Where in a trace something happens, as W3C Trace Context and Baggage tell it from one program to the next.
///
/// A handler of a worker runs inside the place that its call came with: what it calls through an ``IntentusClient`` belongs to the
/// same trace.
public struct IntentTrace: Sendable, Hashable {
    /// The place that the current task is at; nil where nobody said so.
    @TaskLocal public static var current: IntentTrace?

    /// The value of `traceparent`.
    public let traceparent: String
    /// The value of `tracestate`; nil where there is none.
    public let tracestate: String?
    /// The value of `baggage`; nil where there is none.
    public let baggage: String?
    let parent: TraceParent

    /// The 32 hex digits of the trace.
    public var traceId: String { String(decoding: parent.traceId.hex, as: UTF8.self) }
    /// Whether the spans of the trace are kept.
    public var isSampled: Bool { parent.isSampled }

    /// What headers say; nil without a well-formed `traceparent`. What else is not well formed, or too long, is left out.
    public init?(traceparent: String, tracestate: String? = nil, baggage: String? = nil) {
        guard let parent = TraceParent(Array(traceparent.utf8)[...]) else { return nil }
        self.init(
            parent, tracestate: tracestate.map { Array($0.utf8)[...] }, baggage: baggage.map { Array($0.utf8)[...] })
    }

    package init(_ parent: TraceParent, tracestate: ArraySlice<UInt8>?, baggage: ArraySlice<UInt8>?) {
        func text(_ value: ArraySlice<UInt8>?, _ accepts: (ArraySlice<UInt8>) -> Bool) -> String? {
            value.flatMap { accepts($0) ? String(decoding: $0, as: UTF8.self) : nil }
        }
        self.parent = parent
        traceparent = parent.text
        self.tracestate = text(tracestate, TraceHeaders.isState)
        self.baggage = text(baggage, TraceHeaders.isBaggage)
    }

    /// At another span; what vendors say of a trace is left behind with the trace.
    package func at(_ place: TraceParent) -> IntentTrace {
        let state = place.traceId == parent.traceId ? tracestate : nil
        return IntentTrace(
            place, tracestate: state.map { Array($0.utf8)[...] }, baggage: baggage.map { Array($0.utf8)[...] })
    }

    /// The place that a span of ours is below.
    package var place: TraceParent { parent }

    /// `traceparent`, `tracestate` and `baggage` as complete header lines.
    var headerLines: [UInt8] {
        var text = "traceparent: \(traceparent)\r\n"
        if let tracestate { text += "tracestate: \(tracestate)\r\n" }
        if let baggage { text += "baggage: \(baggage)\r\n" }
        return Array(text.utf8)
    }
}
