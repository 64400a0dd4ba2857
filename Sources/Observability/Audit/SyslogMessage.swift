/// The header that a record gets on its way to syslog (RFC 5424); the message is the line, with no structured data beside it.
///
/// `<PRI>1 TIMESTAMP HOSTNAME APP-NAME PROCID MSGID - {"version":1,…}`: the time is the record's, the message id its event.
struct SyslogMessage: Sendable {
    /// What the record tells of, for servers that sort by severity.
    enum Severity: Int {
        case warning = 4
        case notice = 5
        case informational = 6
    }

    /// More than the longest header and the count in front of it.
    static let headBytesMax = 512

    private let facility: Int
    private let middle: [UInt8]

    /// - Parameters:
    ///   - facility: 0 to 23, RFC 5424 section 6.2.1.
    ///   - node: the host name; printable ASCII without spaces.
    init(facility: Int, node: String, processId: Int32) {
        self.facility = facility
        middle = Array(" \(node.prefix(255)) intentusnet \(processId) ".utf8)
    }

    /// Writes the header for a line; nothing for bytes that are no line of ours.
    func writeHead(of line: UnsafeBufferPointer<UInt8>, to head: inout LineCursor) {
        guard let facts = AuditLineHead(line) else { return }
        head.append("<")
        head.append(decimal: Int64(facility * 8 + Self.severity(facts.event).rawValue))
        head.append(">1 ")
        head.append(jsonText: facts.time)
        middle.withUnsafeBufferPointer { bytes in
            guard let base = bytes.baseAddress else { return }
            head.append(bytes: base, count: bytes.count)
        }
        head.append(jsonText: facts.event, bytesMax: 32)
        head.append(" - ")
    }

    private static func severity(_ event: String) -> Severity {
        switch event {
        case "request", "agent_renewed", "agents_listed", "audit_checkpoint": .informational
        case "peer_refused", "auth_failure", "authz_deny", "policy_deny", "rate_limited", "emcl_failure",
            "registration_refused", "degraded_limit", "audit_lost", "audit_refused":
            .warning
        default: .notice
        }
    }
}
