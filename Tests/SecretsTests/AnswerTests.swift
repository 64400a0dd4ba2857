import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import Secrets

/// What comes from the network when it is not what was asked for: over real sockets, with the real client.
@Suite("Answers of services")
struct AnswerTests {
    private func transport(_ milliseconds: Int64 = 5_000, authorityFile: String? = nil) -> HTTPTransport {
        HTTPTransport(service: "the service", authorityFile: authorityFile, timeoutMilliseconds: milliseconds)
    }

    private func found(
        _ answer: ScriptedServer.Answer, milliseconds: Int64 = 5_000
    ) async throws -> SourceFault? {
        let server = try await ScriptedServer { _ in answer }
        let transport = transport(milliseconds)
        let found = await fault { () async throws(SourceFault) in
            try await transport.send(ServiceRequest(.get, "http://127.0.0.1:\(server.port)/"))
        }
        await server.close()
        return found
    }

    @Test("a service that says nothing, or begins and says no more, is left after the time", arguments: [true, false])
    func silence(_ isSilent: Bool) async throws {
        let began = ContinuousClock.now
        let found = try await found(isSilent ? .silence : .headAlone, milliseconds: 300)
        #expect(found?.kind == .unavailable)
        #expect(ContinuousClock.now - began < .seconds(5))
    }

    @Test("an answer without an end is refused")
    func oversized() async throws {
        #expect(try await found(.bytes(HTTPTransport.bytesMax)) == nil)
        let found = try await found(.bytes(HTTPTransport.bytesMax + 1))
        #expect(found?.kind == .unusable && found?.problem.contains("bytes") == true)
    }

    @Test("a redirect is not followed: it would carry the token along")
    func redirect() async throws {
        let other = try await ScriptedServer { _ in .reply(200, "{}") }
        let server = try await ScriptedServer { _ in
            .reply(307, "", headers: ["location": "http://127.0.0.1:\(other.port)/"])
        }
        let source = VaultSource(
            try .local("http://127.0.0.1:\(server.port)"), timeoutMilliseconds: 5_000,
            around: ManualTime().surroundings(["VAULT_TOKEN": "s.1"]))
        let found = await fault { () async throws(SourceFault) in
            try await source.field("a", mount: "secret", path: "b", version: nil)
        }
        #expect(found?.kind == .notConfigured && found?.problem.contains("redirects") == true)
        #expect(other.requests.isEmpty)
        await other.close()
        await server.close()
    }

    @Test("nobody listens")
    func nobody() async throws {
        let port = try FreePorts.next()
        let transport = transport()
        let found = await fault { () async throws(SourceFault) in
            try await transport.send(ServiceRequest(.get, "http://127.0.0.1:\(port)/"))
        }
        #expect(
            found
                == SourceFault(
                    .unavailable,
                    "the service cannot be reached: Connection refused; does it run, and is this its address?"))
    }

    @Test("a server with the certificate of another authority, or for another host, gets nothing")
    func certificates() async throws {
        let certificates = try TestCertificates()
        for (pair, problem) in [
            (certificates.server, nil), (certificates.strangeServer, "caFile"),
            (certificates.misnamedServer, "another host"),
        ] {
            let server = try await ScriptedServer(certificate: (pair.certificateFile, pair.keyFile)) { _ in
                .reply(200, "{}")
            }
            let transport = transport(authorityFile: certificates.authority.certificateFile)
            let found = await fault { () async throws(SourceFault) in
                try await transport.send(ServiceRequest(.get, "https://127.0.0.1:\(server.port)/"))
            }
            #expect((found == nil) == (problem == nil), "\(String(describing: found))")
            #expect(server.requests.isEmpty == (problem != nil))
            if let problem {
                #expect(
                    found?.kind == .unavailable && found?.problem.contains(problem) == true, "\(found?.problem ?? "")")
            }
            await server.close()
        }
        let missing = transport(authorityFile: "/nowhere.pem")
        let found = await fault { () async throws(SourceFault) in
            try await missing.send(ServiceRequest(.get, "https://127.0.0.1:1/"))
        }
        #expect(found?.kind == .notConfigured && found?.problem.contains("/nowhere.pem") == true)
    }

    @Test(
        "429 and 5xx are tried again with growing waits, three times in all; others are not",
        arguments: [
            (429, 3), (500, 3), (503, 3), (400, 1), (403, 1), (404, 1), (301, 1),
        ])
    func attempts(_ status: Int, _ expected: Int) async throws {
        let time = ManualTime()
        let scripted = ScriptedTransport { _ in .success(ServiceReply(status, "{}")) }
        let transport = RetryingTransport(inner: scripted, around: time.surroundings())
        #expect(try await transport.send(ServiceRequest(.get, "http://127.0.0.1/")).status == status)
        #expect(scripted.requests.count == expected)
        #expect(time.slept == (expected == 3 ? [150_000_000, 300_000_000] : []))
    }

    @Test("500, then success")
    func recovers() async throws {
        let count = Mutex(0)
        let server = try await ScriptedServer { _ in
            count.withLock { count in
                count += 1
                return count < 3 ? .reply(500, "") : .reply(200, "{}")
            }
        }
        let transport = RetryingTransport(inner: transport(), around: ManualTime().surroundings())
        #expect(try await transport.send(ServiceRequest(.get, "http://127.0.0.1:\(server.port)/")).status == 200)
        await server.close()
    }
}

@Suite("Addresses of services")
struct ServiceAddressTests {
    @Test(
        "https anywhere, http to this machine",
        arguments: [
            ("https://vault.example.com", "https://vault.example.com", "vault.example.com"),
            ("https://Vault.Example.com:443/", "https://vault.example.com", "vault.example.com"),
            ("https://v:8200/prefix/", "https://v:8200/prefix", "v:8200"),
            ("http://localhost:8200", "http://localhost:8200", "localhost:8200"),
            ("http://127.0.0.1", "http://127.0.0.1", "127.0.0.1"), ("http://[::1]:80", "http://[::1]", "[::1]"),
            ("https://[2001:db8::1]:8200", "https://[2001:db8::1]:8200", "[2001:db8::1]:8200"),
        ])
    func accepted(_ text: String, _ shown: String, _ authority: String) throws {
        let address = try ServiceAddress(text, plain: .loopback, named: "x")
        #expect(address.description == shown && address.authority == authority)
    }

    @Test(
        "anything else is refused with its key",
        arguments: [
            "", "vault:8200", "ftp://v", "http://vault.example.com", "http://10.0.0.1", "http://169.254.170.2",
            "https://user@v", "https://v?x=1", "https://v#x", "https://", "https://v:0", "https://v:99999",
            "https://v:",
            "https://[::1", "https://v w", "http://127.0.0.1.evil.example", "https://v\\@w",
            "http://localhost.evil.example",
        ])
    func refused(_ text: String) {
        #expect {
            try ServiceAddress(text, plain: .loopback, named: "secrets.vault.address")
        } throws: {
            ($0 as? SourceFault)?.problem.hasPrefix("secrets.vault.address must") == true
                || ($0 as? SourceFault)?.problem.hasPrefix("secrets.vault.address is plain http") == true
        }
    }

    @Test(
        "credentials are taken from the platforms' own agents alone",
        arguments: [
            ("http://169.254.170.2/v2/credentials", true), ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true), ("http://127.0.0.1:1338/", true),
            ("https://agent.example/x", true), ("http://169.254.169.254/latest", false),
            ("http://[fd00:ec2::254]/", false),
            ("http://10.0.0.1/", false), ("http://agent.example/", false), ("http://169.254.170.3/", false),
        ])
    func containers(_ text: String, _ isAccepted: Bool) {
        #expect(((try? ServiceAddress(text, plain: .containerCredentials, named: "x")) != nil) == isAccepted)
    }
}
