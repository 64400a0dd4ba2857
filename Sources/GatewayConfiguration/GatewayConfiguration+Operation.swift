import Documents

extension GatewayConfiguration {
    /// Limits that no rule states.
    package struct Limits: Sendable, Hashable {
        /// Rate limit keys held at the same time.
        package var liveKeysMax = 1_000_000

        /// The defaults above.
        package init() {}
    }

    /// Where the audit log goes.
    package struct Audit: Sendable, Hashable {
        /// A place for the audit log.
        package enum Output: String, Sendable, Hashable, CaseIterable {
            /// Standard output, one JSON object a line.
            case stdout
            /// Nowhere.
            case none
            /// The file of `audit.file`.
            case file
        }

        /// Where it goes.
        package var output = Output.stdout
        /// The file; set when `output` is `file`.
        package var file: String?

        /// The defaults above.
        package init() {}
    }

    /// The gateway's own log.
    package struct Log: Sendable, Hashable {
        /// From everything to hardly anything.
        package enum Level: String, Sendable, Hashable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        /// What is written: this level and worse.
        package var level = Level.info

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Limits: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "liveKeysMax", \.liveKeysMax, .integer(1_000...10_000_000),
            "Rate limit keys held at the same time; 1,000,000 take up to 250 MiB.")
    ]
}

extension GatewayConfiguration.Audit: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("output", \.output, .choice(), "Where the audit log goes, one JSON object a line."),
        .optionalPath("file", \.file, of: .output, "The file that `output: file` appends to."),
    ]

    func check(_ reader: SectionReader) {
        switch (output, file) {
        case (.file, nil):
            guard !reader.fields.has("file") else { return }
            reader.fields.error("audit.file is required, because audit.output is file", at: "output")
        case (.stdout, _?), (.none, _?):
            reader.fields.error("audit.file is set, but audit.output is \(output.rawValue)", at: "file")
        case (.file, _?), (.stdout, nil), (.none, nil):
            break
        }
    }
}

extension GatewayConfiguration.Log: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("level", \.level, .choice(), "What is written: this level and worse.")
    ]
}
