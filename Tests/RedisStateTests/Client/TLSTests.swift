import RedisFixtures
import Testing

@testable import RedisState

@Suite("A client that speaks TLS", .serialized, .timeLimit(.minutes(1)), .enabled(if: RedisServer.isInstalled))
struct TLSTests {
    private static let certificates = Result { try TestCertificates() }

    private static func settings(
        _ port: Int, host: String = "127.0.0.1", authority: TestCertificates.Pair, client: TestCertificates.Pair? = nil
    ) throws -> RedisSettings {
        var settings = RedisSettings(topology: .standalone(RedisAddress(host: host, port: port)))
        settings.tls = try RedisTLS(
            authorityFile: authority.certificateFile, certificateFile: client?.certificateFile,
            keyFile: client?.keyFile)
        return settings
    }

    @Test(
        "it verifies the server by its name and by its address, and shows its own certificate",
        arguments: [false, true])
    func right(_ asksForCertificate: Bool) async throws {
        let all = try Self.certificates.get()
        var options = RedisServerOptions()
        options.tls = all.serverTLS(requiresClientCertificate: asksForCertificate)
        let server = try RedisServer.started(options)
        for host in ["127.0.0.1", "localhost"] {
            let test = try await TestClient.started(
                Self.settings(
                    server.tlsPort, host: host, authority: all.authority, client: asksForCertificate ? all.client : nil)
            )
            let large = String(repeating: "0123456789", count: 100_000)
            #expect(await test.send("SET", "large", large) == .success(.status("OK")))
            #expect(await test.send("GET", "large") == .success(.bytes(Array(large.utf8))))
            #expect(test.troubles == [])
            await test.close()
        }
    }

    /// What does not fit, and a word of what is told.
    enum Fault: CaseIterable {
        case unknownAuthority, otherHost, missingCertificate, strangeCertificate, plainServer, plainClient

        var word: String {
            switch self {
            case .unknownAuthority: "authority we trust"
            case .otherHost: "another host"
            case .missingCertificate: "client certificate"
            case .strangeCertificate: "our certificate"
            case .plainServer: "does not speak TLS"
            case .plainClient: "TLS on one side only"
            }
        }
    }

    @Test("what does not fit is told once, in words that help, and no command gets through", arguments: Fault.allCases)
    func wrong(_ fault: Fault) async throws {
        let all = try Self.certificates.get()
        var options = RedisServerOptions()
        options.tls = all.serverTLS(
            showing: fault == .otherHost ? all.misnamedServer : nil,
            requiresClientCertificate: fault == .missingCertificate || fault == .strangeCertificate)
        let server = try RedisServer.started(options)
        var settings = try Self.settings(
            fault == .plainServer ? server.port : server.tlsPort,
            authority: fault == .unknownAuthority ? all.otherAuthority : all.authority,
            client: fault == .strangeCertificate ? all.strangeClient : nil)
        if fault == .plainClient { settings.tls = nil }
        settings.connectTimeoutMilliseconds = 200
        let test = TestClient(settings)
        #expect(await test.client.start(waitingMilliseconds: 600) == false)
        #expect(test.seen.count == 1 && "\(test.seen)".contains(fault.word), "\(fault): \(test.seen)")
        guard case .failure(.notConnected(let reason)) = await test.send("PING") else {
            Issue.record("\(fault): a command got through")
            return
        }
        #expect(reason.contains(fault.word), "\(reason)")
        await test.close()
    }
}
