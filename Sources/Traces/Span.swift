/// A piece of work in a trace, with its beginning and its end.
package struct Span: Sendable {
    /// Numbered as OTLP does.
    package enum Kind: Int, Sendable {
        case `internal` = 1
        /// Answers a request.
        case server = 2
        /// Makes a request and waits for its answer.
        case client = 3
    }

    /// Something that happened in the meantime.
    package struct Event: Sendable {
        package var name: String
        package var unixNanoseconds: Int64
        package var attributes: [SpanAttribute]

        package init(_ name: String, unixNanoseconds: Int64, attributes: [SpanAttribute] = []) {
            self.name = name
            self.unixNanoseconds = unixNanoseconds
            self.attributes = attributes
        }
    }

    package var traceId: TraceId
    package var spanId: SpanId
    /// nil for the first span of a trace.
    package var parentSpanId: SpanId?
    /// The caller's `tracestate`, as it came.
    package var traceState = ""
    package var name: String
    package var kind: Kind
    /// Nanoseconds since the Unix epoch.
    package var startUnixNanoseconds: Int64
    package var endUnixNanoseconds: Int64
    package var attributes: [SpanAttribute] = []
    package var events: [Event] = []
    /// Whether it failed, by a fault of the side that makes it; `error.type` among the attributes says how.
    package var isFaulty = false

    package init(
        traceId: TraceId, spanId: SpanId, parentSpanId: SpanId?, name: String, kind: Kind,
        startUnixNanoseconds: Int64, endUnixNanoseconds: Int64
    ) {
        self.traceId = traceId
        self.spanId = spanId
        self.parentSpanId = parentSpanId
        self.name = name
        self.kind = kind
        self.startUnixNanoseconds = startUnixNanoseconds
        self.endUnixNanoseconds = endUnixNanoseconds
    }
}

/// A fact about a span, an event or whoever makes them.
package struct SpanAttribute: Sendable, Hashable {
    package enum Value: Sendable, Hashable {
        case text(String)
        case number(Int64)
        case flag(Bool)
    }

    package let key: String
    package let value: Value

    /// A text that is longer than 256 bytes is cut: some of it comes from callers.
    package init(_ key: String, _ text: String) {
        self.key = key
        value = .text(
            text.utf8.count > Self.textBytesMax
                ? String(decoding: text.utf8.prefix(Self.textBytesMax), as: UTF8.self) : text)
    }

    package init(_ key: String, _ number: Int) {
        self.key = key
        value = .number(Int64(number))
    }

    package init(_ key: String, _ flag: Bool) {
        self.key = key
        value = .flag(flag)
    }

    private static let textBytesMax = 256
}
