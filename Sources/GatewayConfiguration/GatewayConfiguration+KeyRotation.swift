import Documents

extension GatewayConfiguration {
    /// The times of a rotation of keys.
    package struct KeyRotation: Sendable, Hashable {
        /// How long every part has to get the ring before its new key seals.
        package var leadSeconds = 120
        /// How long former keys open after that.
        package var graceSeconds = 3_600
        /// How long a key whose time has come waits for nodes that do not hold it yet.
        package var patienceSeconds = 60

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.KeyRotation: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "leadSeconds", \.leadSeconds, .integer(1...604_800), unit: "s",
            "How long gateways, clients and workers have to get a ring before its new key seals."),
        .value(
            "graceSeconds", \.graceSeconds, .integer(1...31_536_000), unit: "s",
            "How long former keys open after a new one seals."),
        .value(
            "patienceSeconds", \.patienceSeconds, .integer(0...3_600), unit: "s",
            "How long a key whose time has come waits at most until every gateway holds it; needs Redis."),
    ]
}
