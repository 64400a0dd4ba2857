/// Where audit lines go in the end. Calls may block; they come one at a time and never from an event loop.
package protocol AuditWriter: Sendable {
    /// Writes as much as it can; what was not taken is offered again, so an output that comes back loses nothing before the
    /// log's bound.
    func write(_ lines: UnsafeRawBufferPointer) -> AuditWriting

    /// Makes ready for so many bytes; called between whole lines.
    func prepare(bytes: Int) -> AuditPlace

    /// The record that the log ended with before this process; asked once, before the first line.
    func past() -> AuditLink?

    /// Opens its place anew before the next line, because somebody may have moved what was written.
    func reopen()

    /// Brings what was written to where it stays, and lets go of the place; more lines open it anew.
    func finish()

    /// What is wrong although lines are taken; nil for nothing.
    var trouble: AuditFault? { get }
}

extension AuditWriter {
    package func prepare(bytes: Int) -> AuditPlace { .same }
    package func past() -> AuditLink? { nil }
    package func reopen() {}
    package func finish() {}
    package var trouble: AuditFault? { nil }
}

/// Where the next line goes.
package enum AuditPlace: Sendable, Hashable {
    /// Behind the line before.
    case same
    /// To a new file or connection, which does not hold the line before.
    case new
    /// Nowhere for now.
    case away(AuditFault)
}

/// What came of an attempt to write.
package struct AuditWriting: Sendable {
    /// How many bytes were taken.
    package var bytes: Int
    /// Why not all were; nil also when an output takes them piece by piece.
    package var fault: AuditFault?

    package init(bytes: Int, fault: AuditFault? = nil) {
        self.bytes = bytes
        self.fault = fault
    }
}

/// Why an output takes no records; one line for operators.
package struct AuditFault: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }

    /// - Parameters:
    ///   - what: what could not be done: `the audit file a.jsonl cannot be opened`.
    ///   - code: of `errno`.
    init(_ what: String, code: Int32) {
        self.init("\(what): \(SystemError.text(code))")
    }
}
