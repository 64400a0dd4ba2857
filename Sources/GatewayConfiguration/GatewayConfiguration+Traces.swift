import Documents

extension GatewayConfiguration {
    /// Where spans go, and whose.
    package struct Traces: Sendable, Hashable {
        /// Whether a caller's word counts on whether its trace is kept.
        package enum Parents: String, Sendable, Hashable, CaseIterable {
            /// A trace that the caller keeps is kept here, and one that it does not is not; whoever the caller is.
            case followed
            /// The same where the caller is a service by its certificate, or by the word of a trusted proxy, which is none by its own.
            case services
            /// Every trace is decided on here.
            case ignored
        }

        /// Where a receiver of OTLP by HTTP takes traces.
        package var endpoint = ""
        /// Lets the endpoint be plain http to another machine.
        package var allowInsecureHttp = false
        /// Header lines that the receiver asks for, such as a token.
        package var headers: [TraceHeader] = []
        /// TLS to the endpoint.
        package var tls: ClientTLS?
        /// What is kept of the traces that no caller decides on, in millionths.
        package var keptPerMillion = 10_000
        /// Whether callers decide.
        package var parents = Parents.services
        /// Spans that wait to be sent.
        package var queueSpansMax = 8_192
        /// Spans in one request.
        package var batchSpansMax = 512
        /// How long spans wait at most.
        package var everyMilliseconds = 2_000
        /// How long one request may take.
        package var timeoutMilliseconds = 10_000
        /// How long the last spans may take when the node stops.
        package var flushMilliseconds = 2_000

        /// The defaults above.
        package init() {}
    }

    /// A header line for a receiver.
    package struct TraceHeader: Sendable, Hashable {
        /// Its name.
        package var name = ""
        /// What it says, where that is no secret.
        package var value: String?
        /// A file with what it says, or a reference.
        package var valueFile: SecretSetting?

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Traces: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required(
            "endpoint", \.endpoint, .url(["https", "http"]),
            "Where a receiver of OTLP by HTTP takes traces, with its whole path: `https://collector:4318/v1/traces`."),
        .value("allowInsecureHttp", \.allowInsecureHttp, .toggle, "Lets `endpoint` be plain http to another machine."),
        .sections(
            "headers", \.headers, countMax: 16, identity: { ("name", $0.name.lowercased()) },
            "Header lines that the receiver asks for."),
        .optionalSection("tls", \.tls, "TLS to the endpoint."),
        .value(
            "keptPerMillion", \.keptPerMillion, .integer(0...1_000_000),
            "Of a million traces that no caller decides on (they begin here, or the word of theirs does not count, by `parents`), so "
                + "many are kept: 10000 is one in a hundred."),
        .value(
            "parents", \.parents, .choice(),
            "Whose word (`traceparent`) decides whether a trace is kept: everybody's; that of services, by certificate or the "
                + "X-Forwarded-Client-Cert of a trusted proxy, whose own certificate is not enough; or nobody's."),
        .value(
            "queueSpansMax", \.queueSpansMax, .integer(512...262_144), "Spans that wait to be sent; more are dropped."),
        .value("batchSpansMax", \.batchSpansMax, .integer(1...4_096), "Spans in one request."),
        .value(
            "everyMilliseconds", \.everyMilliseconds, .integer(50...60_000), unit: "ms", "How long spans wait at most."),
        .value(
            "timeoutMilliseconds", \.timeoutMilliseconds, .integer(100...60_000), unit: "ms",
            "How long one request may take."),
        .value(
            "flushMilliseconds", \.flushMilliseconds, .integer(0...60_000), unit: "ms",
            "How long the last spans may take when the node stops."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if batchSpansMax > queueSpansMax {
            fields.error("traces.batchSpansMax must not be above traces.queueSpansMax", at: "batchSpansMax")
        }
        guard let address = WebAddress(endpoint), address.scheme == "http" else { return }
        if tls != nil {
            fields.error("traces.tls is for an https endpoint, and traces.endpoint is plain http", at: "tls")
        }
        guard !address.isLoopback else { return }
        guard allowInsecureHttp else {
            return fields.error(
                "traces.endpoint is plain http to another machine: spans and headers could be read on the way; use https, "
                    + "or set traces.allowInsecureHttp", at: "endpoint")
        }
        if headers.contains(where: { $0.valueFile != nil }) {
            fields.warning("traces.headers: secrets are sent by plain http to \(address.host)", at: "headers")
        }
    }
}

extension GatewayConfiguration.TraceHeader: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required("name", \.name, .headerName, "Its name."),
        .optional("value", \.value, .headerValue, "What it says, where that is no secret."),
        .optionalSecretFile(
            "valueFile", \.valueFile, "A file whose first line is what it says, or a reference to a secret."),
    ]

    func check(_ reader: SectionReader) {
        let words = ["auth", "token", "key", "secret", "password"]
        if value != nil, words.contains(where: name.lowercased().contains) {
            reader.fields.warning(
                "\(reader.fields.path) holds what looks like a secret in plain text; use valueFile", at: "value")
        }
        guard (value == nil) == (valueFile == nil) else { return }
        reader.fields.error("\(reader.fields.path) must have either value or valueFile", at: "name")
    }
}

extension ValueKind where Value == String {
    /// The value of a header; people write secrets there whatever the documentation says, so it is never shown.
    fileprivate static var headerValue: ValueKind {
        let text = ValueKind.text(bytesMax: 4_096)
        let isSendable: @Sendable (String) -> Bool = { $0.utf8.allSatisfy { (0x20...0x7E).contains($0) } }
        return ValueKind(
            type: text.type, expectation: "1 to 4096 printable ASCII characters",
            parse: { scalar in text.parse(scalar).flatMap { isSendable($0) ? $0 : nil } },
            parseVariable: { word in text.parseVariable(word).flatMap { isSendable($0) ? $0 : nil } },
            show: { _ in "<redacted>" })
    }

    /// A header name that HTTP itself does not need.
    fileprivate static var headerName: ValueKind {
        let own = ["host", "content-type", "content-length", "transfer-encoding", "connection", "te", "upgrade"]
        let expectation = "a header name of 1 to 128 of a-z 0-9 - _, and none of \(own.joined(separator: ", "))"
        let parse: @Sendable (String) -> String? = { text in
            let isName =
                (1...128).contains(text.utf8.count)
                && text.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                        true
                    default: false
                    }
                }
            return isName && !own.contains(text.lowercased()) ? text : nil
        }
        return ValueKind(
            type: "header name", expectation: expectation, parse: { $0.kind == .string ? parse($0.text) : nil },
            parseVariable: parse, show: { $0 })
    }
}
