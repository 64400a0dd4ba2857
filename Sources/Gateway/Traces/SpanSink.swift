package import Traces

/// Where spans go. Called on an event loop: an implementation must not block it, and counts what it cannot keep.
package protocol SpanSink: Sendable {
    func append(_ spans: [Span])
}
