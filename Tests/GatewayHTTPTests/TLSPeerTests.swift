import Foundation
import RedisFixtures
import Synchronization
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Certificates of clients")
    struct TLSPeerTests {
        /// Answers with the client's certificate in base64.
        private static let leaf: TestServer.Behaviour = { _, connection in
            let text = connection.security?.peerCertificate.map { Data($0).base64EncodedString() } ?? "none"
            return HTTPAnswer(status: 200, body: Array(text.utf8))
        }

        @Test("a trusted one is handed to the handler, its host name unread")
        func handedUp() async throws {
            let certificates = try TLSFixture.certificates.get()
            let named = try certificates.leaf("named", alternativeNames: "URI:spiffe://cluster.local/ns/a/sa/b")
            for clients in [ClientCertificates.request, .require] {
                try await TestServer.run(tls: try TLSFixture.listener(clients: clients), answering: Self.leaf) {
                    server in
                    for pair in [certificates.client, named] {
                        let answer = try server.curl(TestServer.showing(pair))
                        #expect(answer.status == 200)
                        let text = try String(contentsOfFile: pair.certificateFile, encoding: .utf8)
                        let expected = text.split(separator: "\n").filter { !$0.hasPrefix("-") }.joined()
                        #expect(answer.output.contains(expected), "\(answer)")
                    }
                }
            }
        }

        @Test("who decides is asked as directly after a million connections as at the first")
        func manyConnections() {
            let credentials = TLSCredentials(verification: { $0.isEmpty ? .trusted(untilSeconds: 1) : .untrusted })
            // A function that is the whole value of a lock is wrapped anew by each look, until the stack is too small to call it.
            for _ in 0..<1_000_000 { _ = credentials.inForce }
            #expect(credentials.inForce.verification?([]) == .trusted(untilSeconds: 1))
        }

        @Test("none at all is refused where one is required, and let in without a name where one is asked for")
        func missing() async throws {
            let strict = try TLSFixture.listener(clients: .require)
            try await TestServer.run(tls: strict, answering: Self.leaf) { server in
                for version in ["1.2", "1.3"] {
                    #expect(server.isRefused(["--tls-max", version]))
                }
                #expect(await eventually { strict.gauges.failureCounts == [.noCertificate: 2] })
                #expect(server.handled.value == 0)
            }
            try await TestServer.run(tls: try TLSFixture.listener(clients: .request), answering: Self.leaf) { server in
                #expect(server.curlOutput().contains("none"))
            }
        }

        @Test("of another authority or expired is refused", arguments: [ClientCertificates.request, .require])
        func refused(clients: ClientCertificates) async throws {
            let certificates = try TLSFixture.certificates.get()
            let tls = try TLSFixture.listener(clients: clients)
            let pairs = [certificates.strangeClient, try TLSFixture.expiredClient.get()]
            try await TestServer.run(tls: tls, answering: Self.leaf) { server in
                for pair in pairs {
                    for version in ["1.2", "1.3"] {
                        let answer = try server.curl(TestServer.showing(pair) + ["--tls-max", version])
                        #expect(answer.exitCode != 0, "\(answer)")
                    }
                }
                #expect(await eventually { tls.gauges.failureCounts == [.untrustedCertificate: 4] })
                #expect(server.handled.value == 0)
            }
        }

        @Test("a verification of one's own decides in the place of the bundles, once for each connection")
        func ownVerification() async throws {
            let certificates = try TLSFixture.certificates.get()
            let chains = Mutex<[[[UInt8]]]>([])
            let admits = Mutex(true)
            let tls = try TLSFixture.listener(clients: .require) { chain in
                chains.withLock { $0.append(chain) }
                return admits.withLock { $0 } ? .trusted(untilSeconds: .max) : .untrusted
            }
            try await TestServer.run(tls: tls, answering: Self.leaf) { server in
                // Not of the bundle's authority.
                let show = TestServer.showing(certificates.strangeClient)
                #expect(server.curlStatus(show) == 200)
                #expect(chains.withLock { $0.map(\.count) } == [1])
                admits.withLock { $0 = false }
                #expect(server.isRefused(show))
                #expect(await eventually { tls.gauges.failureCounts == [.untrustedCertificate: 1] })
                // Whoever shows none is not let in by it either.
                #expect(server.isRefused())
                #expect(await eventually { tls.gauges.failureCounts[.noCertificate] == 1 })
            }
        }
    }
}
