extension GatewayConfiguration {
    /// How intents reach agents.
    package struct Routing: Sendable, Hashable {
        /// Whether the strategy `parallel` is served.
        package var allowParallel = false
        /// Deadline of a request that states none, and the most one may ask for.
        package var requestTimeoutMilliseconds = 30_000
        /// Connections to workers.
        package var upstream = Upstream()

        /// The defaults above.
        package init() {}
    }

    /// Connections to workers.
    package struct Upstream: Sendable, Hashable {
        /// How long a connection may take to come about.
        package var connectTimeoutMilliseconds = 1_000
        /// How long a connection is kept without use.
        package var idleTimeoutMilliseconds = 4_000
        /// After it a connection carries no further call.
        package var connectionAgeMaxSeconds = 3_600
        /// Connections of one event loop to one instance.
        package var connectionsPerInstanceMax = 1_024
        /// Bytes of a worker's answer.
        package var responseBytesMax = 4_194_304
        /// TLS to workers whose URL begins with https.
        package var tls = UpstreamTLS()

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Routing: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "allowParallel", \.allowParallel, .toggle,
            "Serves the strategy `parallel`, which calls several agents at once for one request."),
        .value(
            "requestTimeoutMilliseconds", \.requestTimeoutMilliseconds, .integer(1...3_600_000), unit: "ms",
            "Deadline of a request that states none, and the most that a request or a rule gets."),
        .section("upstream", \.upstream, "Connections to workers."),
    ]
}

extension GatewayConfiguration.Upstream: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "connectTimeoutMilliseconds", \.connectTimeoutMilliseconds, .integer(10...60_000), unit: "ms",
            "How long a connection may take to come about."),
        .value(
            "idleTimeoutMilliseconds", \.idleTimeoutMilliseconds, .integer(100...3_600_000), unit: "ms",
            "How long a connection is kept without use; keep it shorter than the worker's own keep-alive."),
        .value(
            "connectionAgeMaxSeconds", \.connectionAgeMaxSeconds, .integer(1...86_400), unit: "s",
            "After it a connection carries no further call, as when a certificate that either side showed for it is over."
        ),
        .value(
            "connectionsPerInstanceMax", \.connectionsPerInstanceMax, .integer(1...65_535),
            "Connections of one event loop to one instance."),
        .value(
            "responseBytesMax", \.responseBytesMax, .integer(1_024...268_435_456), unit: "bytes",
            "A worker's answer; more counts as a broken answer."),
        .section("tls", \.tls, "TLS to workers whose URL begins with https."),
    ]
}
