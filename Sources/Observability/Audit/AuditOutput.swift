package import Gateway

/// Where the configuration says that audit records go.
package enum AuditOutput: Sendable, Equatable {
    case file(path: String, FileAuditWriter.Rotation)
    case standardOutput
    case syslog(SyslogAddress, facility: Int, node: String)
    case none

    /// The writer for the output; nil for none.
    ///
    /// - Throws: when the folder of a file is not there.
    package func writer() throws(AuditFault) -> (any AuditWriter)? {
        switch self {
        case .file(let path, let rotation): try FileAuditWriter(path: path, rotation: rotation)
        case .standardOutput: DescriptorAuditWriter.standardOutput
        case .syslog(let address, let facility, let node): SyslogAuditWriter(address, facility: facility, node: node)
        case .none: nil
        }
    }
}

/// Keeps no audit records, because the configuration asks for none.
package struct NoAuditSink: AuditSink {
    package init() {}

    package func admitsRequest() -> Bool { true }

    package func append(_ record: borrowing AuditRecord) {}
}
