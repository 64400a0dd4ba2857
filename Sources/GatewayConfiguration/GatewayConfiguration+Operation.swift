import Documents

extension GatewayConfiguration {
    /// Limits that no rule states.
    package struct Limits: Sendable, Hashable {
        /// Rate limit keys held at the same time.
        package var liveKeysMax = 1_000_000

        /// The defaults above.
        package init() {}
    }

    /// The gateway's own log.
    package struct Log: Sendable, Hashable {
        /// From everything to hardly anything.
        package enum Level: String, Sendable, Hashable, CaseIterable {
            case trace, debug, info, notice, warning, error, critical
        }

        /// How lines look.
        package enum Format: String, Sendable, Hashable, CaseIterable {
            /// For people.
            case text
            /// One JSON object a line.
            case json
        }

        /// What is written: this level and worse.
        package var level = Level.info
        /// How it is written.
        package var format = Format.text

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

extension GatewayConfiguration.Log: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("level", \.level, .choice(), "What is written: this level and worse."),
        .value("format", \.format, .choice(), "How lines look: for people, or one JSON object a line."),
    ]
}
