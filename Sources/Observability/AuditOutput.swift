package import Gateway

/// Where the configuration says that audit records go.
package enum AuditOutput: Sendable, Equatable {
    case file(path: String)
    case standardOutput
    case none

    /// The writer for the output; nil for none.
    package func writer() throws(FileAuditWriter.OpenError) -> (any AuditWriter)? {
        switch self {
        case .file(let path): try FileAuditWriter(path: path)
        case .standardOutput: DescriptorAuditWriter.standardOutput
        case .none: nil
        }
    }
}

/// Keeps no audit records, because the configuration asks for none.
package struct NoAuditSink: AuditSink {
    package init() {}

    package func append(_ record: borrowing AuditRecord) {}
}
