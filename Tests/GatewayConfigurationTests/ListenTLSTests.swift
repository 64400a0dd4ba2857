import GatewayConfiguration
import Testing

@Suite("TLS of the data plane in gateway.yaml")
struct ListenTLSTests {
    private static func read(
        _ tls: String, beside more: String = "", environment: [String: String] = [:]
    ) -> GatewayConfiguration.Reading {
        let text = """
            listen: { \(more) tls: { \(tls) } }
            authentication: { anonymous: allow }
            policy: { files: [policy.yaml] }
            registration: { allow: [{ agents: ["*"], roles: [worker] }] }
            """
        return GatewayConfiguration.read(text, file: "/etc/gateway/gateway.yaml", environment: environment)
    }

    private static func said(_ tls: String) -> [String] { read(tls).diagnostics.map { "\($0)" } }

    private static let pair = "certificateFile: c.pem, keyFile: k.pem"

    @Test(
        "mode and client certificates follow from the files that are named, unless they are stated",
        arguments: [
            ("", "DISABLE", "none"),
            (pair, "STRICT", "none"),
            ("\(pair), trustBundleFiles: [b.pem]", "STRICT", "require"),
            ("\(pair), trustBundleFiles: [b.pem], clientCertificates: request", "STRICT", "request"),
            ("\(pair), mode: PERMISSIVE", "PERMISSIVE", "none"),
            ("\(pair), mode: DISABLE", "DISABLE", "none"),
        ])
    func defaults(tls: String, mode: String, clients: String) throws {
        let configuration = try #require(Self.read(tls).configuration)
        #expect(configuration.listen.tls.effectiveMode.rawValue == mode)
        #expect(configuration.listen.tls.effectiveClientCertificates.rawValue == clients)
    }

    @Test(
        "one peer may have a quarter of the handshakes, unless it is stated",
        arguments: [
            ("", 250), ("handshakesMax: 3", 1), ("handshakesMax: 40", 10), ("handshakesPerPeerMax: 7", 7),
            ("handshakesPerPeerMax: 0", 0),
        ])
    func handshakesOfOne(tls: String, expected: Int) throws {
        #expect(try #require(Self.read(tls).configuration).listen.tls.effectiveHandshakesPerPeerMax == expected)
    }

    @Test("a limit on a peer's handshakes limits nothing where nothing is counted by peer, and says so")
    func handshakesOfNobody() {
        let uncounted = "connectionsPerPeerMax: 0,"
        let said = Self.read("handshakesPerPeerMax: 7", beside: uncounted).diagnostics.map { "\($0)" }
        #expect(said.contains { $0.contains("warning: listen.tls.handshakesPerPeerMax (7) limits nothing") }, "\(said)")
        for quiet in ["", "handshakesPerPeerMax: 0"] {
            let said = Self.read(quiet, beside: uncounted).diagnostics.map { "\($0)" }
            #expect(!said.contains { $0.contains("handshakesPerPeerMax") }, "\(said)")
        }
    }

    @Test(
        "what a connection or a peer may hold ought to be enough for the largest body; where it is not, it is said",
        arguments: [
            ("bodyBytesMax: 9000000,", pair, "listen.tls.streamBytesMax (8388608) is less than"),
            ("bodyBytesMax: 9000000,", "\(pair), streamBytesMax: 10000000", nil),
            ("bodyBytesMax: 9000000,", "\(pair), http2: false", nil), ("bodyBytesMax: 9000000,", "", nil),
            ("bufferedBytesMax: 1048576,", "", "a quarter of listen.bufferedBytesMax (1048576)"),
            ("bufferedBytesMax: 8388608,", "", nil),
        ])
    func heldBytes(listen: String, tls: String, warning: String?) {
        let said = Self.read(tls, beside: listen).diagnostics.map { "\($0)" }.filter { $0.contains("BytesMax") }
        #expect(said.count == (warning == nil ? 0 : 1) && said.allSatisfy { $0.contains(warning ?? "") }, "\(said)")
    }

    @Test("paths start at the file's folder")
    func paths() throws {
        let tls = try #require(Self.read("\(Self.pair), trustBundleFiles: [b.pem]").configuration).listen.tls
        #expect(tls.certificateFile == "/etc/gateway/c.pem" && tls.keyFile == .path("/etc/gateway/k.pem"))
        #expect(tls.trustBundleFiles == ["/etc/gateway/b.pem"])
    }

    @Test("variables override keys")
    func variables() throws {
        let environment = [
            "INTENTUSNET_LISTEN_TLS_MODE": "permissive", "INTENTUSNET_LISTEN_TLS_CERTIFICATE_FILE": "/c.pem",
            "INTENTUSNET_LISTEN_TLS_KEY_FILE": "/k.pem", "INTENTUSNET_LISTEN_TLS_MINIMUM_VERSION": "TLSV1_3",
        ]
        let tls = try #require(Self.read("", environment: environment).configuration).listen.tls
        #expect(tls.effectiveMode == .permissive && tls.minimumVersion == .tls13 && tls.certificateFile == "/c.pem")
    }

    @Test(
        "what does not fit together is refused or warned of",
        arguments: [
            ("certificateFile: c.pem", "must have certificateFile and keyFile, or neither"),
            ("mode: STRICT", "listen.tls.mode STRICT needs certificateFile and keyFile"),
            (
                "\(pair), serverNames: [{ hosts: [API.example.com], certificateFile: c, keyFile: k }]",
                "listen.tls.serverNames[0].hosts: 'API.example.com' is no name of a server"
            ),
            (
                "\(pair), serverNames: [{ hosts: [a.example.com], keyFile: k }]",
                "serverNames[0].certificateFile is required"
            ),
            (
                "serverNames: [{ hosts: [a.example.com], certificateFile: c, keyFile: k }]",
                "listen.tls.serverNames needs certificateFile and keyFile"
            ),
            (
                "\(pair), serverNames: [{ hosts: [a.example.com, a.example.com], certificateFile: c, keyFile: k }]",
                "listen.tls.serverNames: 'a.example.com' stands twice"
            ),
            ("\(pair), clientCertificates: require", "listen.tls.clientCertificates needs trustBundleFiles"),
            ("\(pair), mode: PERMISSIVE, trustBundleFiles: [b.pem]", "warning: listen.tls: clients in plain text"),
            ("\(pair), mode: DISABLE", "the certificate is not used, because mode is DISABLE"),
            ("\(pair), mode: strict", "did you mean 'STRICT'?"),
            ("\(pair), minimumVersion: TLSV1_1", "must be one of TLSV1_2, TLSV1_3"),
        ])
    func refused(tls: String, expected: String) {
        #expect(Self.said(tls).contains { $0.contains(expected) }, "\(Self.said(tls))")
    }
}
