import DevelopmentIssuer
import Foundation
import RedisFixtures
import Synchronization
import Testing

/// Certificates that a node shows to Redis and issuers, changed while it runs.
@Suite("Outbound certificates", .serialized)
struct OutboundCertificateTests {
    /// The files of one client in a folder of their own, each replaced by a new file.
    private struct Files {
        let folder: PrivateFolder

        var yaml: String {
            """
            { caFile: "\(folder.file("ca.pem"))", certificateFile: "\(folder.file("cert.pem"))", \
            keyFile: "\(folder.file("key.pem"))" }
            """
        }

        init(_ pair: TestCertificates.Pair, trusting authorities: [TestCertificates.Pair]) throws {
            folder = try PrivateFolder()
            try trust(authorities)
            try install(pair)
        }

        func trust(_ authorities: [TestCertificates.Pair]) throws {
            try put(try authorities.map { try Self.text($0.certificateFile) }.joined(separator: "\n"), "ca.pem")
        }

        func install(_ pair: TestCertificates.Pair) throws {
            try put(try Self.text(pair.certificateFile), "cert.pem")
            try put(try Self.text(pair.keyFile), "key.pem")
        }

        func put(_ text: String, _ name: String) throws {
            try text.write(toFile: folder.file(name), atomically: true, encoding: .utf8)
        }

        private static func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }
    }

    /// What requests came to while files changed.
    private final class LoadRecord: Sendable {
        private let state = Mutex((answered: 0, failures: [String](), isOver: false))

        var isOver: Bool { state.withLock { $0.isOver } }
        var failures: [String] { state.withLock { $0.failures } }
        var answered: Int { state.withLock { $0.answered } }

        func add(failure: String?) {
            state.withLock { state in
                state.answered += 1
                if let failure { state.failures.append(failure) }
            }
        }

        func end() { state.withLock { $0.isOver = true } }
    }

    private static let limited = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user], rate_limit_per_minute: 10000000, rate_limit_key_template: "{tenant}" }
        """

    private static func reloads(_ use: String, _ result: String) -> String {
        "intentusnet_certificate_reloads_total{use=\"\(use)\",result=\"\(result)\"}"
    }

    @Test(
        "certificate, key and authorities for Redis are replaced under load; a broken pair is refused and the old one stays",
        .enabled(if: RedisServer.isInstalled, "redis-server is not installed"))
    func redis() async throws {
        let all = try TLSNodeTests.certificates.get()
        var options = RedisServerOptions()
        options.tls = all.serverTLS(requiresClientCertificate: true)
        let redis = try RedisServer.started(options)
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let files = try Files(all.client, trusting: [all.authority])
        let node = try await TestNode(
            agents: "[\(TestNode.agent("scripted", worker))]", policy: Self.limited,
            store: "{ redis: { url: \"rediss://127.0.0.1:\(redis.tlsPort)\", tls: \(files.yaml) } }")
        let token = try TestNode.token()
        let record = LoadRecord()
        let load = (0..<3).map { _ in
            Task {
                while !record.isOver {
                    do {
                        let reply = try await node.answer(token: token)
                        record.add(failure: reply.status == 200 ? nil : "\(reply)")
                    } catch {
                        record.add(failure: "\(error)")
                    }
                }
            }
        }
        func isShared() async throws -> Bool {
            let reply = try await node.answer(token: token)
            return reply.status == 200 && reply.headers["intentusnet-limits"] == nil
        }
        /// Every connection has to be made anew.
        func breakConnections() throws {
            for kind in ["normal", "pubsub"] { _ = try redis.order("CLIENT", "KILL", "TYPE", kind) }
        }
        try await eventually { try await isShared() }
        let expiry = "intentusnet_certificate_expiry_seconds{use=\"redis\",file=\"\(files.folder.file("cert.pem"))\"}"
        #expect((86_400...172_800).contains(try #require(try await node.metric(expiry))))

        // A certificate without its key: refused, and what is in force goes on to serve, for new connections too.
        try files.put(try String(contentsOfFile: all.strangeClient.certificateFile, encoding: .utf8), "cert.pem")
        try await eventually { try await node.metric(Self.reloads("redis", "refused")) == 1 }
        try breakConnections()
        try await eventually { try await isShared() }
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.json["status"] as? String == "degraded", "\(health)")

        // The whole new pair, of an authority that Redis comes to ask for, and an authority for what Redis comes to show.
        try files.trust([all.authority, all.otherAuthority])
        try files.install(all.strangeClient)
        try await eventually { try await node.metric(Self.reloads("redis", "applied")) ?? 0 >= 1 }
        #expect(
            try redis.order(
                "CONFIG", "SET", "tls-cert-file", all.strangeServer.certificateFile, "tls-key-file",
                all.strangeServer.keyFile, "tls-ca-cert-file", all.otherAuthority.certificateFile
            ).isOK)
        let before = record.answered
        try breakConnections()
        try await eventually { try await isShared() }
        try await eventually { record.answered > before + 50 }
        record.end()
        for task in load { await task.value }
        #expect(record.failures == [])
        await node.stop()
        redis.stop()
    }

    @Test("certificate, key and authorities for an issuer are replaced while it runs; a broken pair is refused")
    func issuer() async throws {
        let all = try TLSNodeTests.certificates.get()
        let key = try DevelopmentKey(keyId: "t1")
        let issuer = try await TLSIssuer(
            all.strangeServer, clientsOf: all.otherAuthority.certificateFile, keySet: try key.jwks())
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let files = try Files(all.client, trusting: [all.authority])
        let node = try await TestNode.inFront(
            of: worker,
            authentication: """
                    - issuer: \(KeyTests.issuer)
                      audiences: [intentusnet]
                      tls: \(files.yaml)
                      jwks: { url: "\(issuer.url)" }
                """)
        let use = "issuer \(KeyTests.issuer)"
        let token = try key.sign(KeyTests.claims(KeyTests.issuer))
        // Neither side knows the other yet; that is a fault of ours, and other issuers go on.
        #expect(try await node.answer(token: token).status == 503)
        #expect(try await node.answer(token: try TestNode.token()).status == 200)
        let expiry = "intentusnet_certificate_expiry_seconds{use=\"\(use)\",file=\"\(files.folder.file("cert.pem"))\"}"
        #expect((86_400...172_800).contains(try #require(try await node.metric(expiry))))
        try files.put("no certificate", "cert.pem")
        try await eventually { try await node.metric(Self.reloads(use, "refused")) == 1 }
        #expect(try await node.answer(token: token).status == 503)
        // The server would be believed now, and does not believe us: both halves count.
        try files.install(all.client)
        try files.trust([all.otherAuthority])
        try await eventually { try await node.metric(Self.reloads(use, "applied")) ?? 0 >= 1 }
        #expect(try await node.answer(token: token).status == 503)
        try files.install(all.strangeClient)
        try await eventually { try await node.answer(token: token).status == 200 }
        await node.stop()
        await issuer.stop()
    }

    @Test("files that cannot be used refuse the configuration, whatever they are for")
    func refused() async throws {
        let all = try TLSNodeTests.certificates.get()
        let files = try Files(all.client, trusting: [all.authority])
        try files.put("no key", "key.pem")
        let issuer = """
                - issuer: \(KeyTests.issuer)
                  audiences: [intentusnet]
                  tls: \(files.yaml)
                  jwks: { url: "https://127.0.0.1:9/jwks.json" }
            """
        for (store, authentication) in [
            ("{ redis: { url: \"rediss://127.0.0.1:9\", tls: \(files.yaml) } }", ""), ("memory", issuer),
        ] {
            do {
                let node = try await TestNode(authentication: authentication, store: store)
                await node.stop()
                Issue.record("it started")
            } catch {
                #expect("\(error)".contains("key.pem"), "\(error)")
            }
        }
    }
}
