/// What came of sending a batch (OTLP 1.x, "OTLP/HTTP Response").
package enum SpanDelivery: Sendable, Hashable {
    /// Taken, all but so many.
    case accepted(rejectedSpans: Int)
    /// Not taken now; the receiver may have said when to come again.
    case notNow(retryAfterMilliseconds: Int64?)
    /// Not taken, and sending it again would change nothing.
    case refused
}

/// Why spans were not delivered; the label `reason` of the metric.
package enum SpanLoss: String, Sendable, CaseIterable {
    /// The queue had no room.
    case queueFull = "queue_full"
    /// The receiver was away, too slow or too busy for too long.
    case undelivered
    /// The receiver refused them.
    case refused
    /// The process ended before they could be sent.
    case shutdown
}
