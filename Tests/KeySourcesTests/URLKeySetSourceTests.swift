import Identity
import Testing

@testable import KeySources

@Suite("Key sets over HTTP", .timeLimit(.minutes(1)))
struct URLKeySetSourceTests {
    private func fetch(_ path: String, timeoutMilliseconds: Int64 = 5_000) async throws -> FetchedKeySet {
        try await KeyServer.running { port in
            var options = URLKeySetSource.Options()
            options.timeoutMilliseconds = timeoutMilliseconds
            return try await URLKeySetSource(KeySetURL("http://127.0.0.1:\(port)/\(path)"), options: options).fetch()
        }
    }

    private func failure(_ path: String, timeoutMilliseconds: Int64 = 5_000) async throws -> KeySetError? {
        do {
            _ = try await fetch(path, timeoutMilliseconds: timeoutMilliseconds)
            return nil
        } catch let error as KeySetError {
            return error
        }
    }

    @Test("a set is fetched, with what the server says of its freshness")
    func good() async throws {
        let fetched = try await fetch("good")
        #expect(fetched.bytes == SampleKeySet.bytes)
        #expect(fetched.freshForSeconds == 100)
        #expect(try await fetch("plain").freshForSeconds == nil)
    }

    @Test("a name is looked up and the address that was checked is used")
    func byName() async throws {
        let bytes = try await KeyServer.running { port in
            try await URLKeySetSource(KeySetURL("http://localhost:\(port)/good")).fetch().bytes
        }
        #expect(bytes == SampleKeySet.bytes)
    }

    @Test(
        "S9 anything but a 200 is a failure, a redirect as well",
        arguments: [("broken", 500), ("empty", 204), ("redirect", 302), ("none", 404)])
    func statuses(_ path: String, _ status: Int) async throws {
        #expect(try await failure(path) == .unreachable("the server answered \(status)"))
    }

    @Test("S9 a body above 512 KiB is refused, also one that never ends", arguments: ["large", "endless"])
    func tooLarge(_ path: String) async throws {
        #expect(try await failure(path) == .tooLarge("it has more than \(KeySet.bytesMax) bytes"))
    }

    @Test("S18 a compressed body is refused")
    func compressed() async throws {
        guard case .unreachable? = try await failure("compressed") else {
            Issue.record("a compressed body was taken")
            return
        }
    }

    @Test("S9 a server that stalls inside the body costs the time limit and no more")
    func stalled() async throws {
        let start = ContinuousClock.now
        guard case .unreachable? = try await failure("stalled", timeoutMilliseconds: 300) else {
            Issue.record("half a body was taken")
            return
        }
        let elapsed = ContinuousClock.now - start
        #expect(elapsed >= .milliseconds(250) && elapsed < .seconds(30))
    }

    @Test("a name that is found late and a server that stalls cost the time limit together, and no more")
    func slowName() async throws {
        let took = try await KeyServer.running { port in
            var options = URLKeySetSource.Options()
            options.timeoutMilliseconds = 2_000
            let source = URLKeySetSource(try KeySetURL("http://localhost:\(port)/stalled"), options: options) { _, _ in
                try? await Task.sleep(for: .milliseconds(1_700))
                return NetworkAddress("127.0.0.1").map { [$0] } ?? []
            }
            return await ContinuousClock().measure {
                await #expect(throws: KeySetError.self) { try await source.fetch() }
            }
        }
        #expect(took >= .milliseconds(1_900) && took < .milliseconds(3_500), "\(took)")
    }

    @Test("nobody listening is a failure")
    func refusedConnection() async throws {
        let source = URLKeySetSource(try KeySetURL("http://127.0.0.1:1/jwks"))
        await #expect(throws: KeySetError.self) { try await source.fetch() }
    }

    @Test("a name that does not exist is a failure")
    func unknownName() async throws {
        var options = URLKeySetSource.Options()
        options.timeoutMilliseconds = 2_000
        let source = URLKeySetSource(try KeySetURL("https://no-such-host.invalid/jwks"), options: options)
        await #expect(throws: KeySetError.unreachable("the name 'no-such-host.invalid' has no address")) {
            try await source.fetch()
        }
    }

    @Test("an authority file that cannot be read is a failure, never a fetch without checking")
    func authorityFile() async throws {
        var options = URLKeySetSource.Options()
        options.authorityFile = "/nonexistent/ca.pem"
        let source = URLKeySetSource(try KeySetURL("https://127.0.0.1:1/jwks"), options: options)
        await #expect(throws: KeySetError.unreachable("the authorities in '/nonexistent/ca.pem' cannot be read")) {
            try await source.fetch()
        }
    }

    @Test(
        "B5 an issuer behind a private authority is trusted by that authority's file and not without it",
        arguments: ["localhost", "127.0.0.1"])
    func privateAuthority(_ host: String) async throws {
        let server = try PrivateAuthority()
        defer { server.stop() }
        let url = try KeySetURL("https://\(host):\(server.port)/jwks")
        var options = URLKeySetSource.Options()
        options.authorityFile = server.authorityFile
        #expect(try await URLKeySetSource(url, options: options).fetch().bytes == SampleKeySet.bytes)
        do {
            _ = try await URLKeySetSource(url).fetch()
            Issue.record("a certificate of an unknown authority was trusted")
        } catch {
            #expect("\(error)".lowercased().contains("certificate"))
        }
    }
}
