/// Where audit lines go in the end. Calls may block; they come one at a time and never from an event loop.
package protocol AuditWriter: Sendable {
    /// Writes as much as it can; returns how many bytes were taken, fewer than all when the output fails for now.
    ///
    /// What was not taken is offered again, so an output that comes back loses nothing before the sink's bound.
    func write(_ lines: UnsafeRawBufferPointer) -> Int
}
