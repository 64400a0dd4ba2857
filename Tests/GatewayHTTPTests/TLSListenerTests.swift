import Foundation
import RedisFixtures
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("A listener with certificates")
    struct TLSListenerTests {
        @Test("answers over TLS 1.3 and 1.2, and tells browsers to stay with TLS", arguments: ["1.2", "1.3"])
        func answers(version: String) async throws {
            let tls = try TLSFixture.listener()
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let answer = try server.curl(["--tlsv\(version)", "--tls-max", version])
                #expect(answer.status == 200 && answer.output.contains("hello"), "\(answer)")
                #expect(answer.output.contains("strict-transport-security: max-age=31536000\r\n"))
                #expect(answer.output.contains("x-content-type-options: nosniff\r\n"))
                #expect(tls.gauges.completedCounts == ["TLSv\(version) http/1.1": 1])
                #expect(await eventually { tls.gauges.handshakesInFlight == 0 })
            }
        }

        @Test("keeps a connection alive, and carries bodies larger than a record")
        func largeBody() async throws {
            let body = String(repeating: "0123456789abcdef", count: 60_000)
            try await TestServer.run(tls: try TLSFixture.listener(), answering: TestServer.echo) { server in
                let folder = try TLSFixture.certificates.get().folder
                let file = try folder.write("body.txt", body)
                let answer = try server.curl(["--next", "-sS"], body: "@\(file)")
                #expect(answer.output.contains(body.suffix(1000)))
            }
        }

        @Test("in strict mode refuses what is not TLS; in permissive mode takes both", arguments: [true, false])
        func modes(isStrict: Bool) async throws {
            var tls = try TLSFixture.listener()
            tls.mode = isStrict ? .strict : .permissive
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let plain = try server.connect()
                try plain.send(request("Content-Length: 2") + "hi")
                if isStrict {
                    #expect(try plain.isClosedByPeer())
                    #expect(await eventually { tls.gauges.failureCounts == [.notTLS: 1] })
                } else {
                    let answer = try #require(try HTTPMessageReader(plain).next())
                    #expect(answer.status == 200 && answer.body == "hi")
                    #expect(answer.headers["strict-transport-security"] == nil)
                }
                #expect(server.curlStatus() == 200)
            }
        }

        @Test("refuses TLS 1.1, suites without forward secrecy, and 1.2 where 1.3 is the least")
        func weak() async throws {
            let tls = try TLSFixture.listener()
            let old = ["--tlsv1.1", "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0"]
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                #expect(server.isRefused(old))
                #expect(await eventually { tls.gauges.failureCounts == [.version: 1] })
                for suite in ["ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES128-SHA", "AES128-GCM-SHA256"] {
                    let answer = try server.curl(["--tls-max", "1.2", "--ciphers", "\(suite):@SECLEVEL=0"])
                    #expect(answer.exitCode != 0, "\(suite): \(answer)")
                }
                #expect(await eventually { tls.gauges.failureCounts == [.version: 1, .cipher: 3] })
                for suite in ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"] {
                    #expect(server.curlStatus(["--tls-max", "1.2", "--ciphers", suite]) == 200, "\(suite)")
                }
            }
            let newest = try TLSFixture.listener(isTLS13Only: true)
            try await TestServer.run(tls: newest, answering: TestServer.echo) { server in
                #expect(server.isRefused(["--tls-max", "1.2"]))
                #expect(await eventually { newest.gauges.failureCounts == [.version: 1] })
                #expect(server.curlStatus() == 200)
            }
        }

        @Test("resumes sessions", arguments: ["-tls1_2", "-tls1_3"])
        func resumption(version: String) async throws {
            for clients in [ClientCertificates.none, .require] {
                let tls = try TLSFixture.listener(clients: clients)
                try await TestServer.run(tls: tls, answering: Self.nameOfPeer) { server in
                    let session = try TestServer.session()
                    let first = try server.openssl(
                        [version, "-sess_out", session], showsCertificate: clients == .require)
                    #expect(first.contains("HTTP/1.1 200") && first.contains("New, TLS"), "\(first)")
                    let second = try server.openssl([version, "-sess_in", session])
                    #expect(second.contains("HTTP/1.1 200") && second.contains("Reused, TLS"), "\(second)")
                    // The certificate of the first handshake is that of the session.
                    #expect(second.contains(clients == .none ? "nobody" : "somebody"), "\(second)")
                }
            }
        }

        @Test("a resumed session whose certificate has ended since is refused", arguments: ["-tls1_2", "-tls1_3"])
        func resumedTooLate(version: String) async throws {
            var tls = try TLSFixture.listener(clients: .require)
            let now = Counter()
            tls.unixSeconds = { now.value == 0 ? 0 : .max }
            let gauges = tls.gauges
            try await TestServer.run(tls: tls, answering: Self.nameOfPeer) { server in
                let session = try TestServer.session()
                let first = try server.openssl([version, "-sess_out", session], showsCertificate: true)
                #expect(first.contains("HTTP/1.1 200") && first.contains("New, TLS"), "\(first)")
                // Once before its end, to see that the session can be resumed.
                let second = try server.openssl([version, "-sess_in", session])
                #expect(second.contains("HTTP/1.1 200") && second.contains("Reused, TLS"), "\(second)")
                now.add()
                let third = try server.openssl([version, "-sess_in", session])
                #expect(third.contains("Reused, TLS") && !third.contains("HTTP/1.1"), "\(third)")
                #expect(await eventually { gauges.failureCounts == [.expiredCertificate: 1] })
                #expect(server.handled.value == 2)
            }
        }

        @Test("a handshake that does not come to its end is ended, and so is a connection that says nothing")
        func slowHandshake() async throws {
            var tls = try TLSFixture.listener()
            tls.handshakeTimeoutMilliseconds = 100
            var limits = HTTPLimits()
            limits.idleTimeoutMilliseconds = 300
            let gauges = tls.gauges
            try await TestServer.run(limits: limits, tls: tls, answering: TestServer.echo) { server in
                let slow = try server.connect()
                try slow.send([0x16, 0x03, 0x01])
                #expect(await eventually { gauges.handshakesInFlight == 1 })
                _ = try slow.readToEnd()
                #expect(await eventually { gauges.failureCounts == [.timeout: 1] })
                #expect(await eventually { gauges.handshakesInFlight == 0 })
                #expect(try server.connect().isClosedByPeer())
            }
        }

        @Test("more handshakes at the same time than may be are closed; the others go on")
        func manyHandshakes() async throws {
            var tls = try TLSFixture.listener()
            tls.handshakesMax = 2
            let gauges = tls.gauges
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let begun = try (2...3).map { try Self.handshake(with: server, from: "127.0.0.\($0)") }
                #expect(await eventually { gauges.handshakesInFlight == 2 })
                #expect(server.isRefused())
                #expect(await eventually { gauges.failureCounts == [.tooMany: 1] })
                for socket in begun { socket.end() }
                #expect(await eventually { gauges.handshakesInFlight == 0 })
                #expect(server.curlStatus() == 200)
            }
        }

        @Test("S17 one peer cannot take every place: it is refused, its neighbours are not, and it finds places again")
        func manyHandshakesOfOne() async throws {
            var tls = try TLSFixture.listener()
            tls.handshakesMax = 4
            tls.handshakesPerPeerMax = 3
            let gauges = tls.gauges
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let begun = try (0..<3).map { _ in try Self.handshake(with: server, from: "127.0.0.1") }
                #expect(await eventually { gauges.handshakesInFlight == 3 })
                for count in 1...3 {
                    #expect(server.isRefused())
                    #expect(await eventually { gauges.failureCounts == [.tooManyOfPeer: count] })
                }
                #expect(gauges.handshakesInFlight == 3)
                #expect(server.curlStatus(["--interface", "127.0.0.2"]) == 200)
                for socket in begun { socket.end() }
                #expect(await eventually { gauges.handshakesInFlight == 0 })
                for _ in 0..<5 { #expect(server.curlStatus() == 200) }
            }
        }

        @Test("one peer is not limited where the limit is 0, or where peers are not told apart", arguments: [0, 1])
        func unlimitedHandshakesOfOne(connectionsPerPeerMax: Int) async throws {
            var tls = try TLSFixture.listener()
            tls.handshakesPerPeerMax = connectionsPerPeerMax == 0 ? 1 : 0
            var limits = HTTPLimits()
            limits.connectionsPerPeerMax = connectionsPerPeerMax * 1_000
            let gauges = tls.gauges
            try await TestServer.run(limits: limits, tls: tls, answering: TestServer.echo) { server in
                let begun = try (0..<3).map { _ in try Self.handshake(with: server, from: "127.0.0.1") }
                #expect(await eventually { gauges.handshakesInFlight == 3 })
                #expect(server.curlStatus() == 200)
                for socket in begun { socket.end() }
                #expect(await eventually { gauges.handshakesInFlight == 0 })
            }
        }

        /// One that has begun and does not go on.
        private static func handshake(with server: TestServer, from address: String) throws -> RawSocket {
            let socket = try RawSocket(port: server.server.port, from: address)
            try socket.send([0x16, 0x03, 0x01])
            return socket
        }

        @Test("ends with its server while a handshake is under way")
        func drain() async throws {
            let tls = try TLSFixture.listener()
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let silent = try server.connect()
                let begun = try server.connect()
                try begun.send([0x16, 0x03, 0x01])
                #expect(await eventually { tls.gauges.handshakesInFlight == 1 })
                #expect(await eventually { server.server.gauges.openConnections == 2 })
                await server.server.drain(withinMilliseconds: 50)
                #expect(try silent.isClosedByPeer())
                _ = try begun.readToEnd()
            }
        }

        static let nameOfPeer: TestServer.Behaviour = { _, connection in
            HTTPAnswer(
                status: 200, body: Array((connection.security?.peerCertificate == nil ? "nobody" : "somebody").utf8))
        }
    }
}
