import Documents
package import IntentProtocol

extension GatewayConfiguration {
    /// The audit log.
    package struct Audit: Sendable, Hashable {
        /// A place for the audit log.
        package enum Output: String, Sendable, Hashable, CaseIterable {
            /// Standard output, one JSON object a line.
            case stdout
            /// Nowhere.
            case none
            /// The file of `audit.file`.
            case file
            /// The server of `audit.syslog`.
            case syslog
        }

        /// What holds while records cannot be kept.
        package enum Mode: String, Sendable, Hashable, CaseIterable {
            /// Requests are served, and records are dropped and counted.
            case drop
            /// Requests are refused.
            case block
        }

        /// Where it goes.
        package var output = Output.stdout
        /// What holds while records cannot be kept.
        package var mode = Mode.drop
        /// The file; set when `output` is `file`.
        package var file: String?
        /// When the file is begun anew.
        package var rotation = AuditRotation()
        /// The server; set when `output` is `syslog`.
        package var syslog: AuditSyslog?
        /// The name in each record; nil for the host's name.
        package var node: String?
        /// The secret that the chain is hashed with.
        package var key: Secret?
        /// A file with that secret.
        package var keyFile: String?
        /// Records that wait to be written.
        package var bufferBytesMax = 8 << 20
        /// How often the log says that it is there; 0 for never.
        package var checkpointSeconds = 60

        /// The defaults above.
        package init() {}
    }

    /// When an audit file is begun anew, and how many old ones stay.
    package struct AuditRotation: Sendable, Hashable {
        /// The longest file; 0 for any length.
        package var bytesMax = 100 << 20
        /// Files begin anew when so many seconds of UTC are over; 0 for never.
        package var periodSeconds = 0
        /// How many old files stay.
        package var keep = 100

        /// The defaults above.
        package init() {}
    }

    /// A syslog server.
    package struct AuditSyslog: Sendable, Hashable {
        /// Where it listens.
        package var address = SyslogURL.local
        /// What the messages are filed under.
        package var facility = SyslogFacility.authpriv

        /// The defaults above.
        package init() {}
    }

    /// Facilities of RFC 5424 that an application may take.
    package enum SyslogFacility: String, Sendable, Hashable, CaseIterable {
        case user, daemon, auth, authpriv, audit, local0, local1, local2, local3, local4, local5, local6, local7

        /// As the header counts them.
        package var number: Int {
            switch self {
            case .user: 1
            case .daemon: 3
            case .auth: 4
            case .authpriv: 10
            case .audit: 13
            case .local0: 16
            case .local1: 17
            case .local2: 18
            case .local3: 19
            case .local4: 20
            case .local5: 21
            case .local6: 22
            case .local7: 23
            }
        }
    }
}

extension GatewayConfiguration.Audit: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("output", \.output, .choice(), "Where the audit log goes, one JSON object a line."),
        .value(
            "mode", \.mode, .choice(),
            "What holds while records cannot be kept: requests are served and records dropped, or requests are refused."
        ),
        .optionalPath("file", \.file, of: .output, "The file that `output: file` appends to."),
        .section("rotation", \.rotation, "When that file is begun anew."),
        .optionalSection("syslog", \.syslog, "The server that `output: syslog` sends to."),
        .optional(
            "node", \.node, .nodeName, absent: "the host's name",
            "The name of this node in each record; each has its own."),
        .optional(
            "key", \.key, .secret,
            "The secret that the chain is hashed with, of at least 32 bytes; better in `keyFile`."),
        .optionalPath(
            "keyFile", \.keyFile,
            "A file with that secret; without one whoever can write to the log can also make it consistent again."),
        .value(
            "bufferBytesMax", \.bufferBytesMax, .integer(1_048_576...1_073_741_824), unit: "bytes",
            "Records that wait to be written."),
        .value(
            "checkpointSeconds", \.checkpointSeconds, .integer(0...3_600), unit: "s",
            "How often the log says that it is there and how far it is; 0 for never."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        checkPlaces(fields)
        if key != nil, keyFile != nil {
            fields.error("audit must have either a key or keyFile, not both", at: "keyFile")
        }
        if fields.has("key") {
            fields.warning(
                "audit.key holds a secret in plain text; use audit.keyFile or INTENTUSNET_AUDIT_KEY", at: "key")
        }
        if let key, key.reveal().utf8.count < 32 {
            fields.error("audit.key must have at least 32 bytes", at: "key")
        }
        if key == nil, keyFile == nil, output == .file || output == .syslog {
            fields.warning(
                "audit has no key: whoever can write to the log can also make it consistent again; set audit.keyFile",
                at: "output")
        }
        if mode == .block, output == .none {
            fields.error("audit.mode is block, but audit.output none keeps no records", at: "mode")
        }
        if mode == .block, output == .syslog, let address = syslog?.address, address.isLossy {
            fields.error(
                "audit.mode is block, but \(address) loses messages without a word: use tcp:// or a Unix socket",
                at: "mode")
        }
    }

    private func checkPlaces(_ fields: FieldReader) {
        if output == .file, file == nil, !fields.has("file") {
            fields.error("audit.file is required, because audit.output is file", at: "output")
        }
        if output != .file, file != nil {
            fields.error("audit.file is set, but audit.output is \(output.rawValue)", at: "file")
        }
        if output == .syslog, syslog == nil {
            fields.error("audit.syslog is required, because audit.output is syslog", at: "output")
        }
        if output != .syslog, syslog != nil {
            fields.error("audit.syslog is set, but audit.output is \(output.rawValue)", at: "syslog")
        }
    }
}

extension GatewayConfiguration.AuditRotation: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "bytesMax", \.bytesMax, .integer(0...1_099_511_627_776), unit: "bytes",
            "A file that would grow beyond this is moved to `FILE.1`; 0 for any length."),
        .value(
            "periodSeconds", \.periodSeconds, .integer(0...31_622_400), unit: "s",
            "A file is moved away when so many seconds of UTC are over: 86400 for each midnight; 0 for never."),
        .value("keep", \.keep, .integer(1...10_000), "How many old files stay; the oldest gives way."),
    ]

    func check(_ reader: SectionReader) {
        guard (1..<65_536).contains(bytesMax) else { return }
        reader.fields.error("audit.rotation.bytesMax must be 0 or at least 65536", at: "bytesMax")
    }
}

extension GatewayConfiguration.AuditSyslog: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "address", \.address, .syslogURL,
            "Where it listens: a Unix socket as `unix:/dev/log`, `udp://host:514`, or `tcp://host:601` with octet counting."
        ),
        .value("facility", \.facility, .choice(), "What the messages are filed under."),
    ]
}
