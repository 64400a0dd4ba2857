import Testing

/// Header lines by which a client says that it is the service that the guide's policy names.
struct Forgery: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let lines: [String]
    /// Whether what a sidecar appends does not make it a header that can be read.
    let isUnreadable: Bool

    private init(_ name: String, _ values: [String], isUnreadable: Bool = false) {
        testDescription = name
        lines = values.map { "X-Forwarded-Client-Cert: \($0)" }
        self.isUnreadable = isUnreadable
    }

    private static let whole =
        "By=\(MeshCertificates.gatewayService);Hash=\(String(repeating: "ab", count: 32));"
        + "URI=spiffe://cluster.local/ns/default/sa/api-gateway"

    static let all = [
        Forgery("one element", [whole]),
        Forgery("two elements", ["\(whole),\(whole)"]),
        Forgery("two lines", [whole, whole]),
        Forgery("an open quote", ["\(whole);Subject=\""], isUnreadable: true),
        Forgery("an open quote and a backslash", ["\(whole);Subject=\"\\"], isUnreadable: true),
        Forgery("a quote that closes and opens", ["\(whole);Subject=\"a\"\""], isUnreadable: true),
        Forgery("quotes over two lines", ["Subject=\"", "\(whole);Subject=\""]),
        Forgery("an empty element behind", ["\(whole),"], isUnreadable: true),
        Forgery("an empty pair behind", ["\(whole);"], isUnreadable: true),
        Forgery("nothing", [""]),
    ]
}
