import Foundation
import GatewayNode
import RedisFixtures
import Synchronization
import Testing

/// A node whose data plane speaks TLS, with files that change while it runs.
@Suite("TLS of a node")
struct TLSNodeTests {
    static let certificates = Result { try TestCertificates() }
    static let get = "GET /api/v1/agents HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"

    /// Puts a pair into the node's folder as `cert.pem` and `key.pem`: each a new file in the place of the old one.
    static func install(_ pair: TestCertificates.Pair, in folder: URL) throws {
        for (from, name) in [(pair.certificateFile, "cert.pem"), (pair.keyFile, "key.pem")] {
            try Data(contentsOf: URL(filePath: from)).write(to: folder.appending(path: name), options: .atomic)
        }
    }

    /// A node with the pair of the tests' own server.
    static func node(
        tls: String = "", worker: ScriptedWorker, pair: TestCertificates.Pair? = nil
    ) async throws -> TestNode {
        let certificates = try certificates.get()
        let folder = try PrivateFolder()
        try install(pair ?? certificates.server, in: URL(filePath: folder.path))
        let node = try await TestNode.inFront(
            of: worker,
            listen: """
                http: "127.0.0.1:0", tls: { certificateFile: "\(folder.file("cert.pem"))", \
                keyFile: "\(folder.file("key.pem"))"\(tls) }
                """)
        held.withLock { $0[node.folder.path] = folder }
        return node
    }

    static let held = Mutex<[String: PrivateFolder]>([:])

    static func folder(of node: TestNode) throws -> URL {
        URL(filePath: try #require(held.withLock { $0[node.folder.path] }).path)
    }

    static func der(_ pair: TestCertificates.Pair) throws -> [UInt8] {
        let lines = try String(contentsOfFile: pair.certificateFile, encoding: .utf8).split(separator: "\n")
        return [UInt8](try #require(Data(base64Encoded: lines.filter { !$0.hasPrefix("-") }.joined())))
    }

    /// What clients saw while files changed.
    private final class LoadRecord: Sendable {
        private struct State {
            var seen: [[UInt8]: Int] = [:]
            var failures: [String] = []
            var isOver = false
        }

        private let state = Mutex(State())

        var isOver: Bool { state.withLock { $0.isOver } }
        var failures: [String] { state.withLock { $0.failures } }

        func add(_ answer: TLSClient.Answer) {
            state.withLock { state in
                state.seen[answer.certificate, default: 0] += 1
                if answer.status != 401 { state.failures.append(answer.text) }
            }
        }

        func add(failure: String) { state.withLock { $0.failures.append(failure) } }
        func forget() { state.withLock { $0.seen = [:] } }
        func count(of certificate: [UInt8]) -> Int { state.withLock { $0.seen[certificate] ?? 0 } }
        func end() { state.withLock { $0.isOver = true } }
    }

    @Test("intents pass, plain text does not, and the handshakes are counted")
    func intents() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker: worker)
        let client = try TLSClient(authorityFiles: [try Self.certificates.get().authority.certificateFile])
        let body = Envelope.bare()
        let request = """
            POST /api/v1/intent HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
            authorization: Bearer \(try TestNode.token())\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)
            """
        let answer = try await client.answer(request, port: node.port)
        #expect(answer.status == 200 && answer.text.contains("scripted"), "\(answer.text)")
        #expect(answer.text.contains("strict-transport-security"))
        let port = node.port
        await #expect(throws: (any Error).self) {
            try await offPool { try SocketClient(port: port).request("GET", "/api/v1/agents") }
        }
        #expect(
            try await node.metric(#"intentusnet_tls_handshakes_total{version="TLSv1.3",protocol="none"}"#) == 1)
        #expect(try await node.metric(#"intentusnet_tls_failures_total{reason="not_tls"}"#) == 1)
        await node.stop()
    }

    @Test("a replaced certificate is shown to new connections, under load and with no request lost")
    func rotation() async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker: worker)
        let folder = try Self.folder(of: node)
        let next = try certificates.leaf("next-server", alternativeNames: "IP:127.0.0.1")
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile])
        let port = node.port
        let record = LoadRecord()
        let load = (0..<4).map { _ in
            Task {
                while !record.isOver {
                    do {
                        record.add(try await client.answer(Self.get, port: port))
                    } catch {
                        record.add(failure: "\(error)")
                    }
                }
            }
        }
        // There and back: each time the new one is seen before the next change.
        for pair in [next, certificates.server, next] {
            try Self.install(pair, in: folder)
            let der = try Self.der(pair)
            record.forget()
            try await eventually { record.count(of: der) > 20 }
        }
        record.end()
        for task in load { await task.value }
        #expect(record.failures == [])
        #expect(try await node.metric(#"intentusnet_certificate_reloads_total{use="listen",result="applied"}"#) == 3)
        #expect(try await node.metric(#"intentusnet_certificate_reloads_total{use="listen",result="refused"}"#) == 0)
        await node.stop()
    }

    @Test("a broken replacement is refused and told, the old certificate stays; a mended one is taken")
    func brokenReplacement() async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await Self.node(worker: worker)
        let folder = try Self.folder(of: node)
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile])
        let next = try certificates.leaf("mended-server", alternativeNames: "IP:127.0.0.1")
        // A certificate without its key: the first of two files has been written.
        try Data(contentsOf: URL(filePath: next.certificateFile))
            .write(to: folder.appending(path: "cert.pem"), options: .atomic)
        let refused = #"intentusnet_certificate_reloads_total{use="listen",result="refused"}"#
        try await eventually { try await node.metric(refused) == 1 }
        #expect(try await client.answer(Self.get, port: node.port).certificate == Self.der(certificates.server))
        let health = try await AdminPage.get("/health", port: node.adminPort)
        #expect(health.json["status"] as? String == "degraded", "\(health)")
        #expect(
            try node.auditLines().last { $0["event"] as? String == "config_reload" }?["reason"] as? String
                == "certificates_refused")
        let findings = await node.node.reload()
        #expect(findings.contains { "\($0)".contains("is the key that of the certificate?") }, "\(findings)")

        try Data("no certificate".utf8).write(to: folder.appending(path: "cert.pem"), options: .atomic)
        #expect(await node.node.reload().contains { "\($0)".contains("holds no certificates") })
        try Self.install(try certificates.expiredLeaf("ended-server"), in: folder)
        #expect(await node.node.reload().contains { "\($0)".contains("has expired") })
        #expect(try await client.answer(Self.get, port: node.port).certificate == Self.der(certificates.server))

        try Self.install(next, in: folder)
        try await eventually {
            try await client.answer(Self.get, port: node.port).certificate == Self.der(next)
        }
        try await eventually {
            try await AdminPage.get("/health", port: node.adminPort).json["status"] as? String == "healthy"
        }
        await node.stop()
    }

    @Test("the time that certificates have left is told by file")
    func expiry() async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let bundle = certificates.authority.certificateFile
        let node = try await Self.node(tls: #", trustBundleFiles: ["\#(bundle)"]"#, worker: worker)
        for file in [try Self.folder(of: node).appending(path: "cert.pem").path, bundle] {
            let series = #"intentusnet_certificate_expiry_seconds{use="listen",file="\#(file)"}"#
            let left = try #require(try await node.metric(series))
            #expect((86_400...172_800).contains(left), "\(file): \(left)")
        }
        await node.stop()
    }

    @Test("with a trust bundle clients must show a certificate, and a replaced bundle counts for the next connection")
    func bundle() async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let folder = try PrivateFolder()
        let bundle = folder.file("bundle.pem")
        try FileManager.default.copyItem(atPath: certificates.authority.certificateFile, toPath: bundle)
        let node = try await Self.node(tls: #", trustBundleFiles: ["\#(bundle)"]"#, worker: worker)
        let authority = [certificates.authority.certificateFile]
        let port = node.port
        let ours = try TLSClient(authorityFiles: authority, showing: certificates.client)
        let strange = try TLSClient(authorityFiles: authority, showing: certificates.strangeClient)
        let nobody = try TLSClient(authorityFiles: authority)
        #expect(try await ours.answer(Self.get, port: port).status == 401)
        await #expect(throws: (any Error).self) { try await nobody.answer(Self.get, port: port) }
        await #expect(throws: (any Error).self) { try await strange.answer(Self.get, port: port) }
        try Data(contentsOf: URL(filePath: certificates.otherAuthority.certificateFile))
            .write(to: URL(filePath: bundle), options: .atomic)
        try await eventually { (try? await strange.answer(Self.get, port: port))?.status == 401 }
        await #expect(throws: (any Error).self) { try await ours.answer(Self.get, port: port) }
        await node.stop()
    }

    @Test("a client's certificate names its service: rules that ask for mutual TLS match it, audit and chain have it")
    func clientIdentity() async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let policy = """
            default: deny
            rules:
              - { id: clients, action: ALLOW, identity_sources: [mtls], principals: ["cluster.local/ns/default/sa/client"] }
            """
        let listen = """
            http: "127.0.0.1:0", tls: { certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)", trustBundleFiles: ["\(certificates.authority.certificateFile)"] }
            """
        let node = try await TestNode.inFront(of: worker, policy: policy, listen: listen)
        let token = try TestNode.token()
        let body = Envelope.bare()
        let request =
            "POST /api/v1/intent HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer \(token)\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
        let authority = [certificates.authority.certificateFile]
        let known = try TLSClient(authorityFiles: authority, showing: certificates.client)
        let answer = try await known.answer(request, port: node.port)
        #expect(answer.status == 200, "\(answer.text)")
        let chain = (worker.requests.last?.envelope["metadata"] as? [String: Any])?["identityChain"] as? [String]
        #expect(chain?.contains("service:cluster.local/ns/default/sa/client") == true, "\(chain ?? [])")
        let record = try node.auditLines().first { $0["event"] as? String == "request" }
        #expect(record?["identitySource"] as? String == "mtls")
        let other = try certificates.leaf("other", alternativeNames: "URI:spiffe://cluster.local/ns/default/sa/other")
        let stranger = try TLSClient(authorityFiles: authority, showing: other)
        #expect(try await stranger.answer(request, port: node.port).status == 403)
        await node.stop()
    }

    @Test(
        "certificates that name no service of ours are refused in the handshake",
        arguments: [
            ("DNS:client", "without_service"),
            ("URI:spiffe://other.example/ns/default/sa/client", "unknown_trust_domain"),
            ("URI:spiffe://cluster.local/ns/default/sa/a,URI:spiffe://cluster.local/ns/default/sa/b", "several_uris"),
            ("URI:https://cluster.local/client", "bad_id"),
        ])
    func unnamedClients(_ names: String, _ reason: String) async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let listen = """
            http: "127.0.0.1:0", tls: { certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)", trustBundleFiles: ["\(certificates.authority.certificateFile)"] }
            """
        let node = try await TestNode.inFront(of: worker, listen: listen)
        let pair = try certificates.leaf("refused-\(abs(names.hashValue))", alternativeNames: names)
        let client = try TLSClient(authorityFiles: [certificates.authority.certificateFile], showing: pair)
        await #expect(throws: (any Error).self) { try await client.answer(Self.get, port: node.port) }
        // Why is for the operator to see, and not for the client.
        let series = #"intentusnet_certificates_refused_total{peer="client",reason="certificate_\#(reason)"}"#
        #expect(try await node.metric(series) == 1)
        let record = try #require(try node.auditLines().last { $0["event"] as? String == "peer_refused" })
        #expect(record["reason"] as? String == "certificate_\(reason)", "\(record)")
        #expect((record["peerFault"] as? String)?.hasPrefix("the certificate") == true, "\(record)")
        #expect((record["remote"] as? String)?.hasPrefix("127.0.0.1:") == true, "\(record)")
        // Somebody who is known still gets in.
        let known = try TLSClient(
            authorityFiles: [certificates.authority.certificateFile], showing: certificates.client)
        #expect(try await known.answer(Self.get, port: node.port).status == 401)
        // Both are on record: who was refused before there was a connection, and who was believed by a certificate alone.
        let refused = try node.auditLines().first { $0["action"] as? String == "handshake" }
        #expect(refused?["event"] as? String == "peer_refused")
        #expect(refused?["reason"] as? String == "certificate_\(reason)", "\(refused ?? [:])")
        #expect((refused?["remote"] as? String)?.hasPrefix("127.0.0.1:") == true)
        let believed = try node.allAuditLines().filter { $0["event"] as? String == "auth_success" }
        #expect(believed.count == 1)
        #expect(believed.first?["action"] as? String == "certificate")
        #expect(believed.first?["principal"] as? String == "cluster.local/ns/default/sa/client")
        await node.stop()
    }

    @Test("clients are shown the certificate of the name that they ask for, the listener's own otherwise")
    func serverNames() async throws {
        let certificates = try Self.certificates.get()
        let folder = try PrivateFolder()
        func copy(_ pair: TestCertificates.Pair, to name: String) throws {
            for (from, ending) in [(pair.certificateFile, "pem"), (pair.keyFile, "key")] {
                try Data(contentsOf: URL(filePath: from)).write(
                    to: URL(filePath: folder.file("\(name).\(ending)")), options: .atomic)
            }
        }
        try copy(try certificates.leaf("cn-one", alternativeNames: "DNS:one.example.com"), to: "one")
        try copy(try certificates.leaf("cn-any", alternativeNames: "DNS:*.example.org"), to: "any")
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let listen = """
            http: "127.0.0.1:0", tls: { certificateFile: "\(certificates.server.certificateFile)", \
            keyFile: "\(certificates.server.keyFile)", serverNames: [\
            { hosts: [one.example.com], certificateFile: "\(folder.file("one.pem"))", keyFile: "\(folder.file("one.key"))" }, \
            { hosts: ["*.example.org", two.example.com], certificateFile: "\(folder.file("any.pem"))", \
            keyFile: "\(folder.file("any.key"))" }] }
            """
        let node = try await TestNode.inFront(of: worker, listen: listen)
        let port = node.port
        func subject(_ name: String?, _ version: String) async throws -> String {
            try await offPool {
                let asked = name.map { "-servername \($0)" } ?? "-noservername"
                return try SpawnedProcess.run(
                    [
                        "sh", "-c",
                        "openssl s_client -connect 127.0.0.1:\(port) \(asked) \(version) </dev/null 2>/dev/null"
                            + " | openssl x509 -noout -subject",
                    ], in: folder
                ).trimmingCharacters(in: .whitespacesAndNewlines)
            }
        }
        for version in ["-tls1_2", "-tls1_3"] {
            for (name, expected) in [
                ("one.example.com", "cn-one"), ("ONE.example.com", "cn-one"), ("two.example.com", "cn-any"),
                ("a.example.org", "cn-any"), ("a.b.example.org", "server"), ("example.org", "server"),
                ("other.example.com", "server"), (nil, "server"),
            ] as [(String?, String)] {
                #expect(try await subject(name, version) == "subject=CN = \(expected)", "\(name ?? "none") \(version)")
            }
        }
        // Each pair of files is followed by itself.
        try copy(try certificates.leaf("cn-new", alternativeNames: "DNS:one.example.com"), to: "one")
        try await eventually { (try? await subject("one.example.com", "-tls1_3")) == "subject=CN = cn-new" }
        #expect(try await subject("two.example.com", "-tls1_3") == "subject=CN = cn-any")
        await node.stop()
    }

    @Test("a configuration whose files cannot be used is refused before anything listens")
    func refusedConfiguration() async throws {
        let certificates = try Self.certificates.get()
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let cases = [
            (certificates.server.certificateFile, certificates.client.keyFile, "is the key that of the certificate?"),
            (certificates.server.keyFile, certificates.server.keyFile, "holds no certificates"),
            (certificates.server.certificateFile, "/nowhere/key.pem", "cannot be read"),
        ]
        for (certificate, key, expected) in cases {
            let tls = #"http: "127.0.0.1:0", tls: { certificateFile: "\#(certificate)", keyFile: "\#(key)" }"#
            do {
                let node = try await TestNode.inFront(of: worker, listen: tls)
                await node.stop()
                Issue.record("taken: \(expected)")
            } catch {
                #expect("\(error)".contains(expected), "\(error)")
            }
        }
    }
}
