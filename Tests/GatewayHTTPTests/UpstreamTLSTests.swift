import Foundation
import Identity
import IntentProtocol
import NIOSSL
import RedisFixtures
import Synchronization
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Calls to workers by TLS")
    struct UpstreamTLSTests {
        private static let principal = "cluster.local/ns/a/sa/worker"
        private static let worker = Result {
            try TLSFixture.certificates.get().leaf("worker", alternativeNames: "URI:spiffe://\(principal)")
        }

        /// What the pool calls with: the tests' authority and our client certificate.
        private static func tls(
            showing isShowing: Bool = true, verification: UpstreamTLS.ServiceVerification? = nil
        ) throws -> UpstreamTLS {
            let certificates = try TLSFixture.certificates.get()
            let identity = (
                certificate: try TLSFixture.file(certificates.client.certificateFile),
                key: try TLSFixture.file(certificates.client.keyFile)
            )
            let material = try TLSMaterial(
                identity: isShowing ? identity : nil,
                bundles: [try TLSFixture.file(certificates.authority.certificateFile)],
                unixSeconds: Int64(Date().timeIntervalSince1970))
            let bundle = try #require(material.bundles.values.first)
            let verifier = try CertificateVerifier(
                TrustDomainTable(try #require(TrustDomain("cluster.local"))),
                bundles: [try #require(TrustDomain("cluster.local")): bundle])
            let services: UpstreamTLS.ServiceVerification = { chain, principal in
                guard let service = try? SPIFFEID(principal: principal.utf8) else { return .untrusted }
                let now = Int64(Date().timeIntervalSince1970)
                let verified = try? verifier.verify(chain, of: service, nowSeconds: now)
                return verified.map { .trusted(untilSeconds: $0.notAfterSeconds) } ?? .untrusted
            }
            return UpstreamTLS(try material.upstreamContexts(), verification: verification ?? services)
        }

        /// Calls a worker that shows a certificate, and asks for ours.
        private static func call(
            _ shown: TestCertificates.Pair, as security: UpstreamSecurity, host: String = "127.0.0.1",
            tls: UpstreamTLS? = nil, unixSeconds: Int64 = Int64(Date().timeIntervalSince1970)
        ) async throws -> Result<UpstreamAnswer, UpstreamFailure> {
            let contexts = try TLSFixture.material(shown, unixSeconds: unixSeconds).listenerContexts(clients: .require)
            let answer = Mutex(Result<UpstreamAnswer, UpstreamFailure>.failure(.cancelled))
            let tls = try tls ?? Self.tls()
            try await TestServer.run(tls: ListenerTLS(TLSCredentials(contexts)), answering: TestServer.echo) { server in
                let pool = TestPool(tls: tls)
                let result = await pool.start(
                    server.server.port, host: host, body: "hello", path: "/api/v1/intent", security: security
                ).value
                answer.withLock { $0 = result }
                #expect(await pool.counts().last == 0)
                await pool.shutDown()
            }
            return answer.withLock { $0 }
        }

        @Test("a worker that is the expected service is called, whatever its host is named, with our certificate")
        func principal() async throws {
            let worker = try Self.worker.get()
            for host in ["127.0.0.1", "localhost"] {
                #expect(try await Self.call(worker, as: .principal(Self.principal), host: host).text == "hello")
            }
            // Without our certificate the worker ends the connection.
            let silent = try await Self.call(worker, as: .principal(Self.principal), tls: try Self.tls(showing: false))
            #expect(silent.failure != nil)
        }

        @Test(
            "any other service is not sent a byte",
            arguments: [
                "URI:spiffe://cluster.local/ns/a/sa/other", "URI:spiffe://cluster.local/ns/a/sa/worker2",
                "URI:spiffe://cluster.local/ns/a/sa/worker,URI:spiffe://cluster.local/ns/a/sa/other",
                "URI:spiffe://cluster.local/ns/a/sa/other,URI:spiffe://cluster.local/ns/a/sa/worker",
                "DNS:cluster.local/ns/a/sa/worker", "IP:127.0.0.1",
            ])
        func otherService(names: String) async throws {
            let shown = try TLSFixture.certificates.get().leaf("other-\(UUID().uuidString)", alternativeNames: names)
            #expect(try await Self.call(shown, as: .principal(Self.principal)).failure == .connectFailed)
        }

        @Test("by host name, the certificate must be for the host")
        func hostName() async throws {
            let certificates = try TLSFixture.certificates.get()
            #expect(try await Self.call(certificates.server, as: .hostName).text == "hello")
            #expect(try await Self.call(certificates.server, as: .hostName, host: "localhost").text == "hello")
            #expect(try await Self.call(certificates.misnamedServer, as: .hostName).failure == .connectFailed)
            #expect(
                try await Self.call(certificates.misnamedServer, as: .hostName, host: "localhost").failure
                    == .connectFailed)
        }

        @Test("a certificate of another authority or an ended one is refused either way", arguments: [true, false])
        func untrusted(byHost: Bool) async throws {
            let certificates = try TLSFixture.certificates.get()
            let security = byHost ? UpstreamSecurity.hostName : .principal(Self.principal)
            #expect(try await Self.call(certificates.strangeServer, as: security).failure == .connectFailed)
            // The worker believes that it is the first of January 2020.
            let ended = try TLSFixture.expiredClient.get()
            #expect(try await Self.call(ended, as: security, unixSeconds: 1_577_880_000).failure == .connectFailed)
        }

        @Test("a verification of one's own decides in the place of bundles and names")
        func ownVerification() async throws {
            let certificates = try TLSFixture.certificates.get()
            let asked = Mutex<[String]>([])
            let tls = try Self.tls { chain, principal in
                asked.withLock { $0.append("\(chain.count) \(principal)") }
                return principal == Self.principal ? .trusted(untilSeconds: .max) : .untrusted
            }
            let strange = certificates.strangeServer
            #expect(try await Self.call(strange, as: .principal(Self.principal), tls: tls).text == "hello")
            #expect(try await Self.call(strange, as: .principal("another/x"), tls: tls).failure == .connectFailed)
            #expect(asked.withLock { $0 } == ["1 \(Self.principal)", "1 another/x"])
        }

        @Test(
            "a connection carries no call beyond its age, the end of the worker's chain, or that of our own certificate",
            arguments: ["age", "chain", "own", "nothing"])
        func ends(by what: String) async throws {
            let contexts = try TLSFixture.material(try Self.worker.get()).listenerContexts(clients: .require)
            let listener = ListenerTLS(TLSCredentials(contexts))
            let now = Mutex(Int64(Date().timeIntervalSince1970))
            let chainEnd = now.withLock { $0 } + (what == "chain" ? 10 : 864_000)
            let tls = try Self.tls { _, _ in .trusted(untilSeconds: chainEnd) }
            if what == "own" {
                let client = try TLSFixture.certificates.get().client.certificateFile
                let end = try #require(try NIOSSLCertificate.fromPEMFile(client).first).notValidAfter
                now.withLock { $0 = Int64(end) - 10 }
            }
            var limits = UpstreamLimits()
            limits.connectionAgeMaxMilliseconds = what == "age" ? 0 : 3_600_000
            try await TestServer.run(tls: listener, answering: TestServer.echo) { server in
                for wait in [0, 1] as [Int64] {
                    // Within the last second nothing more is sent; the pool's clock says where it is.
                    now.withLock { $0 += wait == 0 ? 0 : (what == "chain" || what == "own" ? 9 : 0) }
                    let pool = TestPool(limits, tls: tls, unixSeconds: { now.withLock { $0 } })
                    for body in ["one", "two"] {
                        let result = await pool.start(
                            server.server.port, body: body, path: "/api/v1/intent",
                            security: .principal(Self.principal)
                        ).value
                        #expect(result.text == body)
                    }
                    let isKept = what == "nothing" || what != "age" && wait == 0
                    let counts = isKept ? [1, 1, 0] : [0, 0, 0]
                    #expect(await eventually { await pool.counts() == counts }, "\(what) \(wait)")
                    await pool.shutDown()
                }
                let handshakes = listener.gauges.completedCounts.values.reduce(0, +)
                #expect(handshakes == ["age": 4, "nothing": 2][what, default: 3])
            }
        }

        @Test("a connection is kept for the next call; one handshake serves both")
        func keptAlive() async throws {
            let contexts = try TLSFixture.material(try Self.worker.get()).listenerContexts(clients: .require)
            let listener = ListenerTLS(TLSCredentials(contexts))
            let tls = try Self.tls()
            try await TestServer.run(tls: listener, answering: TestServer.echo) { server in
                let pool = TestPool(tls: tls)
                for body in ["one", String(repeating: "two", count: 200_000)] {
                    let result = await pool.start(
                        server.server.port, body: body, path: "/api/v1/intent", security: .principal(Self.principal)
                    ).value
                    #expect(result.text == body)
                }
                #expect(listener.gauges.completedCounts == ["TLSv1.3 http/1.1": 1])
                #expect(await pool.counts() == [1, 1, 0])
                await pool.shutDown()
            }
        }

        @Test("a worker that does not shake hands fails the call, in its time")
        func noHandshake() async throws {
            let silent = RawWorker { socket, _ in while try !socket.read().isEmpty {} }
            defer { silent.stop() }
            let plain = RawWorker { socket, _ in try socket.send("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") }
            defer { plain.stop() }
            var limits = UpstreamLimits()
            limits.connectTimeoutMilliseconds = 200
            let pool = TestPool(limits, tls: try Self.tls())
            for worker in [silent, plain] {
                let result = await pool.start(worker.port, security: .hostName).value
                #expect(result.failure == .connectFailed)
            }
            #expect(await eventually { await pool.addressCount() == 0 })
            // Without anything to call with, no connection comes about either.
            let without = TestPool()
            #expect(await without.start(plain.port, security: .hostName).value.failure == .connectFailed)
            await pool.shutDown()
            await without.shutDown()
        }
    }
}
