import Documents
import Foundation
import GatewayNode
import RedisFixtures
import Testing

/// What PeerAuthentications make of the listener, seen from outside.
@Suite("PeerAuthentication at the socket")
struct PeerAuthenticationTests {
    static func resource(_ name: String, _ spec: String, namespace: String = "default") -> String {
        """
        apiVersion: security.istio.io/v1
        kind: PeerAuthentication
        metadata: { name: \(name), namespace: \(namespace) }
        spec: { \(spec) }
        """
    }

    static func mode(_ mode: String) -> String { "mtls: { mode: \(mode) }" }

    /// What came of knocking in three ways.
    struct Knocks: Equatable, CustomStringConvertible {
        var plain: Bool
        /// By TLS without a certificate of the client.
        var anonymous: Bool
        var mutual: Bool

        static let plainAlone = Knocks(plain: true, anonymous: false, mutual: false)
        static let all = Knocks(plain: true, anonymous: true, mutual: true)
        static let tlsAlone = Knocks(plain: false, anonymous: true, mutual: true)
        static let mutualAlone = Knocks(plain: false, anonymous: false, mutual: true)

        var description: String { "plain \(plain), anonymous TLS \(anonymous), mutual TLS \(mutual)" }
    }

    static func knock(_ node: TestNode) async throws -> Knocks {
        let certificates = try TLSNodeTests.certificates.get()
        let authority = [certificates.authority.certificateFile]
        let port = node.port
        let plain = try? await offPool { try SocketClient(port: port).request("GET", "/api/v1/agents").status }
        let anonymous = try? await TLSClient(authorityFiles: authority).answer(TLSNodeTests.get, port: port).status
        let mutual = try? await TLSClient(authorityFiles: authority, showing: certificates.client)
            .answer(TLSNodeTests.get, port: port).status
        return Knocks(plain: plain == 401, anonymous: anonymous == 401, mutual: mutual == 401)
    }

    /// - Parameter mode: of the listener, with more of its keys behind it; nil for a listener without certificates.
    static func node(
        _ mode: String?, _ resources: [String], clients: String = "request", mesh: String = "{ namespace: default }",
        port: Int = 0, authorization: String = ""
    ) async throws -> TestNode {
        let certificates = try TLSNodeTests.certificates.get()
        let tls = mode.map {
            """
            , tls: { mode: \($0), certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)", \
            trustBundleFiles: ["\(certificates.authority.certificateFile)"], clientCertificates: \(clients) }
            """
        }
        return try await TestNode(
            listen: "http: \"127.0.0.1:\(port)\"\(tls ?? "")",
            extra: "mesh: \(mesh)\nauthorization: { files: [authz]\(authorization) }",
            files: Dictionary(
                uniqueKeysWithValues: resources.enumerated().map { ("authz/\($0.offset).yaml", $0.element) }))
    }

    static func findings(_ mode: String?, _ resources: [String], clients: String = "request") async -> String {
        do {
            let node = try await node(mode, resources, clients: clients)
            await node.stop()
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test(
        "with the mode POLICY the resources decide, and without one both ways are open",
        arguments: [
            ("DISABLE", Knocks.plainAlone), ("PERMISSIVE", .all), ("STRICT", .mutualAlone), ("UNSET", .all),
        ])
    func policy(_ mode: String, _ expected: Knocks) async throws {
        let node = try await Self.node("POLICY", [Self.resource("all", Self.mode(mode))])
        #expect(try await Self.knock(node) == expected)
        await node.stop()
    }

    @Test(
        "a resource makes a listener stricter, never laxer",
        arguments: [
            ("STRICT", "DISABLE", Knocks.tlsAlone), ("STRICT", "PERMISSIVE", .tlsAlone),
            ("STRICT", "STRICT", .mutualAlone), ("PERMISSIVE", "DISABLE", .all), ("PERMISSIVE", "STRICT", .mutualAlone),
        ])
    func stricter(_ listener: String, _ mode: String, _ expected: Knocks) async throws {
        let node = try await Self.node(listener, [Self.resource("all", Self.mode(mode))])
        #expect(try await Self.knock(node) == expected)
        await node.stop()
    }

    @Test("namespace wins over mesh, workload over both, the port over the workload; UNSET inherits")
    func levels() async throws {
        let port = try FreePorts.next()
        let mesh = Self.resource("mesh", Self.mode("STRICT"), namespace: "istio-system")
        let namespace = Self.resource("namespace", Self.mode("DISABLE"))
        let selector = "selector: { matchLabels: { app: gw } }"
        func workload(_ rest: String) -> String { Self.resource("workload", "\(selector), \(rest)") }
        let cases: [([String], Knocks)] = [
            ([mesh], .mutualAlone),
            ([mesh, namespace], .plainAlone),
            ([mesh, Self.resource("namespace", Self.mode("UNSET"))], .mutualAlone),
            ([mesh, Self.resource("elsewhere", Self.mode("DISABLE"), namespace: "other")], .mutualAlone),
            ([mesh, namespace, workload(Self.mode("PERMISSIVE"))], .all),
            ([namespace, workload("portLevelMtls: { \(port): { mode: STRICT } }")], .mutualAlone),
            ([namespace, workload("portLevelMtls: { 1: { mode: STRICT } }")], .plainAlone),
            ([namespace, workload("portLevelMtls: { \(port): { mode: UNSET } }")], .plainAlone),
            (
                [mesh, Self.resource("root", "\(selector), \(Self.mode("DISABLE"))", namespace: "istio-system")],
                .mutualAlone
            ),
        ]
        for (resources, expected) in cases {
            let node = try await Self.node(
                "POLICY", resources, mesh: "{ namespace: default, labels: [\"app=gw\"] }", port: port)
            #expect(try await Self.knock(node) == expected, "\(resources)")
            await node.stop()
        }
    }

    @Test("a changed resource holds for the next connection; one that is open goes on")
    func reload() async throws {
        let node = try await Self.node("POLICY", [Self.resource("all", Self.mode("PERMISSIVE"))])
        let port = node.port
        #expect(try await Self.knock(node) == .all)
        let open = try SocketClient(port: port)
        #expect(try open.request("GET", "/api/v1/agents").status == 401)
        try node.write(Self.resource("all", Self.mode("STRICT")), to: "authz/0.yaml")
        try await eventually { try await Self.knock(node) == .mutualAlone }
        #expect(try open.request("GET", "/api/v1/agents").status == 401)
        #expect(try await node.metric(#"intentusnet_tls_failures_total{reason="no_certificate"}"#) ?? 0 > 0)
        try node.write(Self.resource("all", Self.mode("DISABLE")), to: "authz/0.yaml")
        try await eventually { try await Self.knock(node) == .plainAlone }
        #expect(try await node.metric(#"intentusnet_tls_failures_total{reason="not_plain"}"#) ?? 0 > 0)
        // Half a mode is none: the one in force stays.
        try node.write(Self.resource("all", Self.mode("STRICTLY")), to: "authz/0.yaml")
        try await eventually { try await node.metric("intentusnet_config_reload_refused_total") == 1 }
        #expect(try await Self.knock(node) == .plainAlone)
        await node.stop()
    }

    @Test("what the listener cannot do refuses the configuration, and says what to do")
    func refused() async throws {
        let strict = [Self.resource("hard", Self.mode("STRICT"))]
        let withoutFiles = await Self.findings(nil, strict)
        #expect(withoutFiles.contains("PeerAuthentication default/hard asks for STRICT"), "\(withoutFiles)")
        #expect(withoutFiles.contains("certificateFile, keyFile and trustBundleFiles"), "\(withoutFiles)")
        #expect(await Self.findings("DISABLE", strict).contains("takes plain text alone"))
        #expect(await Self.findings("STRICT", strict, clients: "none").contains("needs certificates of clients"))
        // A folder that turns into such a one while the node runs is not taken either.
        let node = try await Self.node(nil, [Self.resource("hard", Self.mode("PERMISSIVE"))])
        try node.write(strict[0], to: "authz/0.yaml")
        #expect(await node.node.reload().contains { "\($0)".contains("asks for STRICT") })
        await node.stop()
        // A sidecar that speaks TLS in front of the gateway keeps the promise in its place.
        let behind = try await Self.node(nil, strict, authorization: ", peerAuthentication: sidecar")
        #expect(try await Self.knock(behind) == .plainAlone)
        await behind.stop()
    }

    @Test("POLICY without resources to decide is refused")
    func policyWithoutFiles() async throws {
        let certificates = try TLSNodeTests.certificates.get()
        let tls = """
            http: "127.0.0.1:0", tls: { mode: POLICY, certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)" }
            """
        do {
            let node = try await TestNode(listen: tls)
            await node.stop()
            Issue.record("it started")
        } catch {
            #expect("\(error)".contains("listen.tls.mode POLICY needs PeerAuthentications"), "\(error)")
        }
    }

    @Test(
        "check warns of a resource that the listener does not follow",
        arguments: [
            ("STRICT", "DISABLE", "is stricter, and stays"), ("STRICT", "PERMISSIVE", "is stricter, and stays"),
            ("PERMISSIVE", "DISABLE", "takes TLS too, and stays"), ("DISABLE", "PERMISSIVE", "plain text alone"),
            ("POLICY", "UNSET", "no PeerAuthentication speaks of this gateway"),
        ])
    func warnings(_ listener: String, _ mode: String, _ expected: String) async throws {
        let node = try await Self.node(listener, [Self.resource("all", Self.mode(mode))])
        let findings = await node.node.reload()
        #expect(findings.contains { "\($0)".contains(expected) }, "\(findings)")
        #expect(!findings.contains { $0.severity == .error })
        await node.stop()
    }

    @Test("check warns of a selector in the root namespace")
    func rootSelector() async throws {
        let rooted = Self.resource(
            "root", "selector: { matchLabels: { app: gw } }, \(Self.mode("STRICT"))", namespace: "istio-system")
        let node = try await Self.node(nil, [rooted])
        let findings = await node.node.reload()
        #expect(findings.contains { "\($0)".contains("istio-system/root") && "\($0)".contains("reaches no workload") })
        await node.stop()
    }
}
