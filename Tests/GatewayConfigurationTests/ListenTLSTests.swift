import GatewayConfiguration
import Testing

@Suite("TLS of the data plane in gateway.yaml")
struct ListenTLSTests {
    private static func read(_ tls: String, environment: [String: String] = [:]) -> GatewayConfiguration.Reading {
        let text = """
            listen: { tls: { \(tls) } }
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
