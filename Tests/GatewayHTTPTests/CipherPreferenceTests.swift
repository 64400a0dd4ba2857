import Foundation
import RedisFixtures
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Which suite of TLS 1.2 is spoken")
    struct CipherPreferenceTests {
        private static let ciphers = ["AES128-GCM-SHA256", "AES256-GCM-SHA384", "CHACHA20-POLY1305"]

        /// A server whose key is of RSA.
        private static let rsa = Result {
            try TLSFixture.certificates.get().leaf(
                "rsa-server", alternativeNames: "IP:127.0.0.1,DNS:rsa.example.com", isRSA: true)
        }

        /// Suites with certificates of both kinds, in this order.
        private static func both(_ ciphers: [String]) -> [String] {
            ciphers.flatMap { ["ECDHE-RSA-\($0)", "ECDHE-ECDSA-\($0)"] }
        }

        /// The suite that a client of TLS 1.2 is given, which offers these; nil when there is no handshake.
        private static func suite(
            _ server: TestServer, offering suites: [String], _ words: [String] = []
        ) throws -> String? {
            let text = try server.openssl(["-tls1_2", "-cipher", suites.joined(separator: ":")] + words)
            guard text.contains("HTTP/1.1 200"), let range = text.range(of: ", Cipher is ") else { return nil }
            return text[range.upperBound...].split(whereSeparator: \.isWhitespace).first.map(String.init)
        }

        @Test("is the first of ours that the client offers, whatever its order", arguments: [false, true])
        func ours(isRSA: Bool) async throws {
            let tls = try TLSFixture.listener(isRSA ? Self.rsa.get() : nil)
            let kind = isRSA ? "RSA" : "ECDSA"
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                for offered in [
                    [0], [1], [2], [0, 1, 2], [2, 1, 0], [1, 2, 0], [1, 2], [2, 1], [0, 2], [2, 0],
                ] {
                    let suites = offered.map { Self.ciphers[$0] }
                    let expected = "ECDHE-\(kind)-\(Self.ciphers[offered.min() ?? 0])"
                    let given = try Self.suite(server, offering: Self.both(suites))
                    #expect(given == expected, "\(suites)")
                    // Of one kind alone, and with suites around them that nobody speaks here.
                    let alone = ["AES256-SHA256"] + suites.map { "ECDHE-\(kind)-\($0)" } + ["ECDHE-ECDSA-AES128-SHA256"]
                    let givenAlone = try Self.suite(server, offering: alone)
                    #expect(givenAlone == expected, "\(alone)")
                }
            }
        }

        @Test("is the client's first where the best of ours would depend on the certificate", arguments: [false, true])
        func mixed(isRSA: Bool) async throws {
            let tls = try TLSFixture.listener(isRSA ? Self.rsa.get() : nil)
            let (ours, other) = isRSA ? ("RSA", "ECDSA") : ("ECDSA", "RSA")
            let offered = ["CHACHA20-POLY1305", "AES256-GCM-SHA384"].map { "ECDHE-\(ours)-\($0)" }
            let foreign = "ECDHE-\(other)-AES128-GCM-SHA256"
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                for suites in [offered, offered.reversed()] {
                    for offer in [suites + [foreign], [foreign] + suites] {
                        let given = try Self.suite(server, offering: offer)
                        #expect(given == suites[0], "\(offer)")
                    }
                }
                for nothing in [foreign, "AES256-SHA256"] {
                    let given = try Self.suite(server, offering: [nothing])
                    #expect(given == nil, "not with this certificate, or not at all")
                }
            }
        }

        @Test("is one for the certificate of the name that was asked for")
        func named() async throws {
            let names = ServerNames()
            try names.show(try TLSFixture.material(Self.rsa.get()), for: ["rsa.example.com"])
            let tls = try TLSFixture.listener(names: names)
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                for (place, cipher) in Self.ciphers.enumerated() {
                    let suites = Self.both(Self.ciphers[place...].reversed())
                    for (name, kind) in [("rsa.example.com", "RSA"), ("other.example.com", "ECDSA")] {
                        let suite = try Self.suite(server, offering: suites, ["-servername", name])
                        #expect(suite == "ECDHE-\(kind)-\(cipher)")
                    }
                }
            }
        }

        @Test("sessions of each are resumed, with the end of their chain; with another one a new handshake is made")
        func resumed() async throws {
            let tls = try TLSFixture.listener(clients: .require) { _ in .trusted(untilSeconds: .max) }
            try await TestServer.run(tls: tls, answering: TLSListenerTests.nameOfPeer) { server in
                // Without a version TLS 1.3 is spoken.
                for version in ["-tls1_2", "-min_protocol TLSv1.2"] {
                    for (place, cipher) in Self.ciphers.enumerated() {
                        let session = try TestServer.session()
                        let offer = [version, "-cipher", Self.both([cipher]).joined(separator: ":")]
                        let first = try server.openssl(offer + ["-sess_out", session], showsCertificate: true)
                        #expect(first.contains("New, TLS") && first.contains("HTTP/1.1 200"), "\(first)")
                        let second = try server.openssl(offer + ["-sess_in", session])
                        #expect(second.contains("Reused, TLS") && second.contains("somebody"), "\(second)")
                        guard place > 0, version == "-tls1_2" else { continue }
                        let more = [version, "-cipher", Self.both(Self.ciphers).joined(separator: ":")]
                        let third = try server.openssl(more + ["-sess_in", session], showsCertificate: true)
                        #expect(third.contains("New, TLS") && third.contains("somebody"), "\(third)")
                        #expect(third.contains("Cipher is ECDHE-ECDSA-AES128-GCM-SHA256"), "\(third)")
                    }
                }
            }
        }

        @Test("certificates are replaced for all of them at once")
        func replaced() async throws {
            let tls = try TLSFixture.listener()
            let mixed = ["ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"]
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                func kinds() throws -> [String?] {
                    try (Self.ciphers.map { Self.both([$0]) } + [mixed]).map { suites in
                        try Self.suite(server, offering: suites)?.split(separator: "-")[1].description
                    }
                }
                #expect(try kinds() == Array(repeating: "ECDSA", count: 4))
                tls.credentials.replace(by: try TLSFixture.material(Self.rsa.get()).listenerContexts(clients: .none))
                #expect(try kinds() == Array(repeating: "RSA", count: 4))
            }
        }
    }
}
