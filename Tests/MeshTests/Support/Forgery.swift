import Testing

/// Header lines by which a client says that it is the service that the guide's policy names.
struct Forgery: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let lines: [String]
    /// Whether what a sidecar appends ends up between quotes that the client opened.
    let breaksOffInQuotes: Bool

    private init(_ name: String, _ values: [String], breaksOffInQuotes: Bool = false) {
        testDescription = name
        lines = values.map { "X-Forwarded-Client-Cert: \($0)" }
        self.breaksOffInQuotes = breaksOffInQuotes
    }

    private static let whole =
        "By=\(MeshCertificates.gatewayService);Hash=\(String(repeating: "ab", count: 32));"
        + "URI=spiffe://cluster.local/ns/default/sa/api-gateway"

    static let all = [
        Forgery("one element", [whole]),
        Forgery("two elements", ["\(whole),\(whole)"]),
        Forgery("two lines", [whole, whole]),
        Forgery("an open quote", ["\(whole);Subject=\""], breaksOffInQuotes: true),
        Forgery("an open quote and a backslash", ["\(whole);Subject=\"\\"], breaksOffInQuotes: true),
        Forgery("a quote that closes and opens", ["\(whole);Subject=\"a\"\""], breaksOffInQuotes: true),
        Forgery("quotes over two lines", ["Subject=\"", "\(whole);Subject=\""]),
        Forgery("an empty element behind", ["\(whole),"]),
        Forgery("an empty pair behind", ["\(whole);"]),
        Forgery("nothing", [""]),
    ]
}
