/// Spans that wait to be sent; a bounded number of them, the oldest first.
package struct SpanQueue: Sendable {
    private let spansMax: Int
    private var spans: [Span] = []

    package init(spansMax: Int) {
        self.spansMax = spansMax
    }

    package var count: Int { spans.count }

    /// Takes the spans of one request, all or none: half a request is no trace.
    ///
    /// - Returns: whether there was room.
    package mutating func append(_ more: [Span]) -> Bool {
        guard spans.count + more.count <= spansMax else { return false }
        spans += more
        return true
    }

    /// The oldest spans, and no more than so many; empty where none waits.
    package mutating func take(atMost count: Int) -> [Span] {
        guard spans.count > count else {
            defer { spans.removeAll(keepingCapacity: true) }
            return spans
        }
        defer { spans.removeFirst(count) }
        return Array(spans.prefix(count))
    }
}
