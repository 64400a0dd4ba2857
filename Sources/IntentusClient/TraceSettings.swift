public import IntentProtocol

/// Where the spans of a program go, and how many of its traces are kept.
public struct TraceSettings: Sendable {
    /// Why settings cannot be used.
    public enum Fault: Error, Sendable, CustomStringConvertible {
        /// The endpoint is no URL.
        case endpoint
        /// A header has no name or one that HTTP itself needs, or a value with line ends.
        case header

        /// For a person.
        public var description: String {
            switch self {
            case .endpoint:
                "the endpoint must be an http or https URL with its whole path, such as http://localhost:4318/v1/traces"
            case .header:
                "a header's name must be of letters, digits and dashes and not HTTP's own, and its value printable"
            }
        }
    }

    /// Where a receiver of OTLP by HTTP takes traces, with its whole path.
    public var endpoint: String
    /// `service.name`; `OTEL_SERVICE_NAME` counts more.
    public var serviceName: String
    /// `service.version`.
    public var serviceVersion = ""
    /// Header lines that the receiver asks for, such as a token.
    public var headers: [String: Secret] = [:]
    /// What is kept of the traces that begin here, 0 to 1; those of callers are kept as they say.
    public var ratio = 0.01
    /// How an https endpoint is spoken to.
    public var tls = GatewayTLS()
    /// Spans wait so long at most before they are sent.
    public var everyMilliseconds: Int64 = 2_000

    /// Settings with the defaults above.
    public init(endpoint: String, serviceName: String) {
        self.endpoint = endpoint
        self.serviceName = serviceName
    }

    func headerLines() throws(Fault) -> [UInt8] {
        var lines: [UInt8] = []
        let own = ["host", "content-type", "content-length", "transfer-encoding", "connection"]
        for (name, secret) in headers {
            let value = secret.reveal()
            let isName =
                !name.isEmpty && !own.contains(name.lowercased())
                && name.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                        true
                    default: false
                    }
                }
            guard isName, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .header }
            lines += Array("\(name): \(value)\r\n".utf8)
        }
        return lines
    }
}
