import Documents

extension GatewayConfiguration {
    /// The data plane: where intents arrive, and what a connection may cost.
    package struct Listen: Sendable, Hashable {
        /// The address; port 0 lets the system choose.
        package var http = HostAndPort(host: "127.0.0.1", port: 8080)
        /// Bytes of a request's line and headers.
        package var headerBytesMax = 32_768
        /// Header lines of a request.
        package var headersMax = 64
        /// Bytes of a request's body.
        package var bodyBytesMax = 2_097_152
        /// From a request's first byte to the end of its headers.
        package var headerTimeoutMilliseconds = 5_000
        /// From a request's first byte to the end of its body.
        package var requestTimeoutMilliseconds = 15_000
        /// How long a connection may wait for its next request.
        package var idleTimeoutMilliseconds = 60_000
        /// Connections at the same time.
        package var connectionsMax = 10_000
        /// Connections of one peer at the same time; 0 is no limit.
        package var connectionsPerPeerMax = 1_000
        /// Bytes of requests and answers that all connections hold together.
        package var bufferedBytesMax = 536_870_912
        /// TLS.
        package var tls = ListenTLS()

        /// The defaults above.
        package init() {}

        /// The host of `http`.
        package var host: String { http.host }
        /// The port of `http`.
        package var port: Int { http.port }
    }
}

extension GatewayConfiguration.Listen: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("http", \.http, .address, "Address of the data plane; port 0 lets the system choose."),
        .value(
            "headerBytesMax", \.headerBytesMax, .integer(1_024...1_048_576), unit: "bytes",
            "A request's line and headers; more is answered 431."),
        .value("headersMax", \.headersMax, .integer(8...1_024), "Header lines of a request; more is answered 431."),
        .value(
            "bodyBytesMax", \.bodyBytesMax, .integer(1_024...67_108_864), unit: "bytes",
            "A request's body; more is answered 413."),
        .value(
            "headerTimeoutMilliseconds", \.headerTimeoutMilliseconds, .integer(100...600_000), unit: "ms",
            "From a request's first byte to the end of its headers; longer is answered 408."),
        .value(
            "requestTimeoutMilliseconds", \.requestTimeoutMilliseconds, .integer(100...600_000), unit: "ms",
            "From a request's first byte to the end of its body; longer is answered 408."),
        .value(
            "idleTimeoutMilliseconds", \.idleTimeoutMilliseconds, .integer(100...3_600_000), unit: "ms",
            "How long a kept-alive connection may wait for its next request."),
        .value(
            "connectionsMax", \.connectionsMax, .integer(1...1_000_000),
            "Connections at the same time; more are closed at once."),
        .value(
            "connectionsPerPeerMax", \.connectionsPerPeerMax, .integer(0...1_000_000),
            "Connections of one IPv4 address or one IPv6 /64 network at the same time; more are closed at once. "
                + "0 is no limit: right behind a balancer, whose address is that of everybody."),
        .value(
            "bufferedBytesMax", \.bufferedBytesMax, .integer(1_048_576...1_099_511_627_776), unit: "bytes",
            "Requests that are not answered, and HTTP/2 answers that are not taken, of all connections together beyond the "
                + "first 64 KiB of each; a quarter of it for one peer. A request over it is answered 503."),
        .section("tls", \.tls, "TLS of the data plane."),
    ]

    func check(_ reader: SectionReader) {
        if bufferedBytesMax / 4 < bodyBytesMax {
            reader.fields.warning(
                "a quarter of listen.bufferedBytesMax (\(bufferedBytesMax)), which is what one peer may have, is less than "
                    + "listen.bodyBytesMax (\(bodyBytesMax)): larger bodies are answered 503", at: "bufferedBytesMax")
        }
        if tls.http2, tls.effectiveMode != .disable, tls.streamBytesMax < bodyBytesMax + headerBytesMax {
            reader.fields.warning(
                "listen.tls.streamBytesMax (\(tls.streamBytesMax)) is less than listen.bodyBytesMax (\(bodyBytesMax)) and "
                    + "listen.headerBytesMax (\(headerBytesMax)): larger requests over HTTP/2 are reset",
                at: "bodyBytesMax")
        }
        if connectionsPerPeerMax == 0, let stated = tls.handshakesPerPeerMax, stated > 0 {
            reader.fields.warning(
                "listen.tls.handshakesPerPeerMax (\(stated)) limits nothing, because listen.connectionsPerPeerMax 0 counts "
                    + "nothing by peer", at: "connectionsPerPeerMax")
        }
        if headerTimeoutMilliseconds > requestTimeoutMilliseconds {
            reader.fields.warning(
                "listen.headerTimeoutMilliseconds (\(headerTimeoutMilliseconds)) is longer than "
                    + "listen.requestTimeoutMilliseconds (\(requestTimeoutMilliseconds)), which ends first",
                at: "headerTimeoutMilliseconds")
        }
    }
}
