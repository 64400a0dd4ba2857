extension GatewayConfiguration {
    /// What the body of a request may hold.
    package struct Envelope: Sendable, Hashable {
        /// Where `__proto__`, `constructor` and `prototype` are removed from payloads.
        package enum DangerousKeys: String, Sendable, Hashable, CaseIterable {
            /// Among the payload's own members, as the production guide does.
            case topLevel
            /// In every object inside the payload.
            case everyDepth
        }

        /// Bytes of the payload, counted as Python's `len(json.dumps(payload))`.
        package var payloadBytesMax = 1_048_576
        /// Objects and arrays inside each other.
        package var depthMax = 64
        /// Members of all objects together.
        package var membersMax = 10_000
        /// Where dangerous keys are removed.
        package var dangerousKeys = DangerousKeys.topLevel

        /// The defaults above.
        package init() {}
    }

    /// Which intents are allowed, and how often.
    package struct Policy: Sendable, Hashable {
        /// Policy files, in the order their rules count.
        package var files: [String] = []

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Envelope: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "payloadBytesMax", \.payloadBytesMax, .integer(1_024...67_108_864), unit: "bytes",
            "The payload, counted as Python's `len(json.dumps(payload))`; more is answered 413."),
        .value("depthMax", \.depthMax, .integer(4...64), "Objects and arrays inside each other."),
        .value("membersMax", \.membersMax, .integer(64...1_000_000), "Members of all objects of a body together."),
        .value(
            "dangerousKeys", \.dangerousKeys, .choice(),
            "Where `__proto__`, `constructor` and `prototype` are removed from payloads."),
    ]
}

extension GatewayConfiguration.Policy: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .paths(
            "files", \.files, of: .policy, isRequired: true,
            "Policy files (YAML or JSON), in the order their rules count.")
    ]
}
