import DevelopmentAuthority
import Foundation
import GatewayHTTP
import Identity
import IdentityFixtures
import IntentProtocol
import RedisFixtures
import Testing

@testable import IntentusClient

/// Who a gateway must be before a client sends it a byte, and who the client is to it.
@Suite("The identities of client and gateway", .serialized)
struct GatewayIdentityTests {
    private static let principal = "cluster.local/ns/default/sa/gateway"
    private static let success: TLSGateway.Script = [(200, Answers.success)]

    /// What a client trusts and shows.
    private static func options(
        _ files: IssuedFiles, showing client: AuthorityFolder.Issued? = nil, principal: String? = principal
    ) -> GatewayTLS {
        var tls = GatewayTLS()
        tls.trustBundleFiles = [files.bundle]
        tls.certificateFile = client?.certificateFile
        tls.keyFile = client?.keyFile
        tls.gatewayPrincipal = principal
        return tls
    }

    private static func ask(
        _ url: String, _ tls: GatewayTLS, isIdempotent: Bool = false
    ) async throws -> Result<Reply, IntentError> {
        let client = try IntentusClient(gateway: url, token: nil, tls: tls)
        let result = try await client.ask(options: isIdempotent ? ClientFixture.idempotent : IntentOptions())
        try await client.shutdown()
        return result
    }

    @Test("the expected service is called whatever its host is named, and sees our certificate")
    func expected() async throws {
        let files = try IssuedFiles()
        let gateway = try files.listener(try files.issue("default/gateway"), clients: .require)
        let tls = Self.options(files, showing: try files.issue("default/client"))
        try await TLSGateway.run(gateway, Self.success) { gateway, port in
            for host in ["127.0.0.1", "localhost"] {
                #expect(try await Self.ask("https://\(host):\(port)", tls).get().count == 3)
            }
            let facts = try gateway.requests.map {
                try CertificateFactsReader().facts(der: try #require($0.certificate))
            }
            #expect(
                facts.map(\.uris)
                    == Array(repeating: [Array("spiffe://cluster.local/ns/default/sa/client".utf8)], count: 2))
        }
    }

    @Test("a gateway that is another service is not sent a byte", arguments: ["default/other", "other/gateway"])
    func otherService(_ name: String) async throws {
        let files = try IssuedFiles()
        let listener = try files.listener(try files.issue(name + "=127.0.0.1,localhost"), clients: .none)
        try await TLSGateway.run(listener, Self.success) { gateway, port in
            let error = try await Self.ask("https://127.0.0.1:\(port)", Self.options(files)).failure
            #expect(error == IntentError(.transportError, "the gateway cannot be reached"))
            #expect(gateway.requests.isEmpty)
        }
    }

    @Test("a gateway whose certificate has ended is not sent a byte", arguments: [principal, nil])
    func expired(_ principal: String?) async throws {
        // Ten minutes old, and made for five.
        let files = try IssuedFiles(ageSeconds: 600)
        let shown = try files.issue("default/gateway=127.0.0.1", lifetimeSeconds: 300)
        let listener = try files.listener(
            shown, clients: .none, unixSeconds: Int64(Date().timeIntervalSince1970) - 600)
        try await TLSGateway.run(listener, Self.success) { gateway, port in
            let tls = Self.options(files, principal: principal)
            let error = try await Self.ask("https://127.0.0.1:\(port)", tls).failure
            #expect(error?.code == .transportError)
            #expect(gateway.requests.isEmpty)
        }
    }

    @Test("a gateway of another authority is not sent a byte", arguments: [principal, nil])
    func otherAuthority(_ principal: String?) async throws {
        let (files, others) = (try IssuedFiles(), try IssuedFiles())
        let listener = try others.listener(try others.issue("default/gateway=127.0.0.1"), clients: .none)
        try await TLSGateway.run(listener, Self.success) { gateway, port in
            let tls = Self.options(files, principal: principal)
            #expect(try await Self.ask("https://127.0.0.1:\(port)", tls).failure?.code == .transportError)
            // Nor do the system's authorities vouch for it, which a client trusts that was told of no others.
            let plain = IntentusClient(gateway: "https://127.0.0.1:\(port)", token: nil)
            #expect(try await plain.ask().failure?.code == .transportError)
            try await plain.shutdown()
            #expect(gateway.requests.isEmpty)
        }
    }

    @Test("without a principal the certificate must be of the host")
    func hostName() async throws {
        let files = try IssuedFiles()
        let listener = try files.listener(try files.issue("default/gateway=localhost"), clients: .none)
        try await TLSGateway.run(listener, Self.success) { gateway, port in
            let tls = Self.options(files, principal: nil)
            let error = try await Self.ask("https://127.0.0.1:\(port)", tls).failure
            #expect(error?.code == .transportError)
            #expect(gateway.requests.isEmpty)
            #expect(try await Self.ask("https://localhost:\(port)", tls).get().count == 3)
        }
    }

    @Test(
        "a gateway that asks for a certificate answers nobody without one, nor with one that has ended or is a stranger's"
    )
    func refusedClients() async throws {
        let files = try IssuedFiles()
        let (old, others) = (try IssuedFiles(ageSeconds: 600), try IssuedFiles())
        let listener = try files.listener(try files.issue("default/gateway"), clients: .require)
        try await TLSGateway.run(listener, Self.success) { gateway, port in
            var tls = Self.options(files)
            #expect(try await Self.ask("https://127.0.0.1:\(port)", tls).failure?.code == .transportError)
            let stranger = try others.issue("default/client")
            tls = Self.options(files, showing: stranger)
            #expect(try await Self.ask("https://127.0.0.1:\(port)", tls).failure?.code == .transportError)
            // A certificate that has ended is not even taken up.
            let ended = Self.options(files, showing: try old.issue("default/client", lifetimeSeconds: 300))
            let fault = #expect(throws: TLSFault.self) {
                try IntentusClient(gateway: "https://127.0.0.1:\(port)", token: nil, tls: ended)
            }
            #expect(fault?.description.contains("has expired") == true)
            #expect(gateway.requests.isEmpty)
        }
    }

    @Test("a new certificate is shown without a new client, and a broken one leaves the former in force")
    func rotation() async throws {
        let files = try IssuedFiles()
        let listener = try files.listener(try files.issue("default/gateway"), clients: .require)
        let (one, two) = (try files.issue("default/one"), try files.issue("default/two"))
        // Connections end at once, so that each call makes a new one.
        try await TLSGateway.run(listener, Self.success, idleTimeoutMilliseconds: 20) { gateway, port in
            let client = try IntentusClient(
                gateway: "https://127.0.0.1:\(port)", token: nil, tls: Self.options(files, showing: one))
            func shown() async throws -> [UInt8] {
                _ = try await client.ask(options: ClientFixture.idempotent).get()
                return try CertificateFactsReader().facts(der: try #require(gateway.requests.last?.certificate)).uris[0]
            }
            #expect(try await shown() == Array("spiffe://cluster.local/ns/default/sa/one".utf8))
            try Data("broken".utf8).write(to: URL(filePath: one.certificateFile))
            let began = ContinuousClock.now
            while began.duration(to: .now) < .milliseconds(2_500) {
                #expect(try await shown() == Array("spiffe://cluster.local/ns/default/sa/one".utf8))
                try await Task.sleep(for: .milliseconds(100))
            }
            for (from, to) in [(two.certificateFile, one.certificateFile), (two.keyFile, one.keyFile)] {
                try Data(contentsOf: URL(filePath: from)).write(to: URL(filePath: to))
            }
            let deadline = ContinuousClock.now + .seconds(20)
            var last: [UInt8] = []
            while last != Array("spiffe://cluster.local/ns/default/sa/two".utf8), ContinuousClock.now < deadline {
                last = try await shown()
                try await Task.sleep(for: .milliseconds(100))
            }
            #expect(String(decoding: last, as: UTF8.self) == "spiffe://cluster.local/ns/default/sa/two")
            try await client.shutdown()
        }
    }

    /// A change to options that are good, and words of the message about it.
    static let faults: [(@Sendable (inout GatewayTLS) -> Void, String)] = [
        ({ $0.keyFile = nil }, "belong together"), ({ $0.certificateFile = nil }, "belong together"),
        ({ $0.certificateFile = "/nowhere.pem" }, "'/nowhere.pem' cannot be read"),
        ({ $0.trustBundleFiles = ["/nowhere.pem"] }, "'/nowhere.pem' cannot be read"),
        ({ $0.trustBundleFiles = [] }, "gatewayPrincipal needs trustBundleFiles"),
        ({ $0.gatewayPrincipal = "spiffe://cluster.local/ns/a/sa/b" }, "must be a principal"),
        ({ $0.gatewayPrincipal = "cluster.local" }, "must be a principal"),
        ({ $0.gatewayPrincipal = "" }, "must be a principal"),
    ]

    @Test("options that cannot be used are told when the client is made", arguments: faults.indices)
    func badOptions(_ index: Int) throws {
        let files = try IssuedFiles()
        var tls = Self.options(files, showing: try files.issue("default/client"))
        Self.faults[index].0(&tls)
        let fault = #expect(throws: TLSFault.self) {
            try IntentusClient(gateway: "https://127.0.0.1:1", token: nil, tls: tls)
        }
        #expect(fault?.description.contains(Self.faults[index].1) == true, "\(String(describing: fault))")
    }

    @Test("a node signs each attempt anew, so that a repetition is no replay")
    func nodeSignature() async throws {
        let busy = Answers.error("AGENT_UNAVAILABLE", retryable: true, details: #"{"retryAfterMs":1}"#)
        try await TLSGateway.run(nil, [(503, busy), (200, Answers.success)]) { gateway, port in
            try await ClientFixture.with(
                "http://127.0.0.1:\(port)",
                configure: { $0.node = NodeCredentials(nodeId: "edge-1", secret: "s3cret") }
            ) { client, _ in _ = try await client.ask().get() }
            let domain = try #require(TrustDomain("cluster.local"))
            let service = try SPIFFEID(principal: "cluster.local/ns/default/sa/edge".utf8)
            let verifier = try NodeSignatureVerifier(
                [NodePeer(id: "edge-1", secrets: [Secret("s3cret")], service: service)], TrustDomainTable(domain),
                replays: MemoryReplayCache(entriesMax: 10, nowNanoseconds: { 0 }))
            #expect(gateway.requests.count == 2)
            for request in gateway.requests {
                let headers = NodeSignatureHeaders(
                    ids: [try #require(request.nodeId)[...]], timestamps: [try #require(request.nodeTime)[...]],
                    signatures: [try #require(request.nodeSignature)[...]])
                let identity = try await verifier.verify(
                    headers, body: request.body, nowSeconds: Int64(Date().timeIntervalSince1970))
                #expect(identity?.principal == "cluster.local/ns/default/sa/edge")
            }
        }
        let credentials = NodeCredentials(nodeId: "edge-1", secret: "s3cret")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: [credentials]), dumped] { #expect(!text.contains("s3cret")) }
    }

    @Test("a node id that cannot stand in a header sends nothing", arguments: ["", "a b", "a\r\nx: y", "ü"])
    func badNodeId(_ nodeId: String) async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let error = try await ClientFixture.with(
            gateway.url, configure: { $0.node = NodeCredentials(nodeId: nodeId, secret: "s") }
        ) { client, _ in try await client.ask().failure }
        #expect(error?.code == .validationError)
        #expect(gateway.requests.isEmpty)
    }

    @Test("a token's file is read again when it changes, and a file that is gone leaves the former in use")
    func tokenFile() async throws {
        let folder = try PrivateFolder()
        let path = try folder.write("token", "first\n")
        let provider = TokenProvider.file(path)
        #expect(try await provider.token() == "first")
        _ = try folder.write("token.new", "second-token")
        #expect(rename(folder.file("token.new"), path) == 0)
        #expect(try await provider.token() == "second-token")
        try FileManager.default.removeItem(atPath: path)
        #expect(try await provider.token() == "second-token")
        _ = try folder.write("token", "third")
        #expect(try await provider.token() == "third")
        for missing in [folder.file("none"), try folder.write("empty", "\n")] {
            await #expect(throws: IntentError.self) { try await TokenProvider.file(missing).token() }
        }
    }
}
