import Foundation
import RedisFixtures
import Testing

/// Real lines of a running gateway before a reader that is no part of this project: jsonschema, and HMAC by Python.
@Suite("The schema of the audit log", .serialized)
struct SchemaTests {
    private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    private static var python: String { ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3" }

    private struct Reading: Decodable {
        var events: [String: Int]
        var faults: [String]
        var chains: Int
    }

    private static let policy = """
        default: deny
        rules:
          - { id: few, action: ALLOW, roles: [few], rate_limit_per_minute: 1, rate_limit_key_template: "{tenant}" }
          - { id: users, action: ALLOW, roles: [user] }

        """

    /// Keys, an AuthorizationPolicy, a Redis that goes away, and a file that cannot grow.
    @Test(
        "the events of keys, operators, mesh policies, a lost Redis and lost records are valid against the schema, too",
        .enabled(if: RedisServer.isInstalled))
    func eventsOfOthers() async throws {
        try await offPool {
            let redis = try RedisServer.started()
            let gateway = try AuditedGateway(
                audit: AuditedGateway.file(mode: "drop", more: ", bufferBytesMax: 1048576"), policy: Self.policy,
                extra: """
                    store: { redis: { url: "redis://127.0.0.1:\(redis.port)" } }
                    emcl: { keyRingFile: ring.json, rotation: { leadSeconds: 1, graceSeconds: 60 } }
                    mesh: { namespace: default }
                    authorization: { files: [authz.yaml] }
                    """, admin: ", access: {}")
            defer { gateway.end() }
            _ = try gateway.folder.write(
                "ring.json", #"{"keys": [{"id": "first", "key": "\#(String(repeating: "5a", count: 32))"}]}"#)
            _ = try gateway.folder.write("authz.yaml", Self.denial)
            try gateway.start()
            let user = try AuditedGateway.token()
            let sealed = #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":{"emcl":"v2"}}"#
            #expect(try gateway.send(sealed, token: user).status == 400)
            let mallory = try AuditedGateway.token(subject: "mallory")
            #expect(try gateway.send(token: mallory).status == 403)
            let operators = try AuditedGateway.token(roles: ["intentusnet-admin"], subject: "operator")
            let rotated = try PlainHTTP.post("/admin/v1/keys/rotate", token: operators, port: gateway.adminPort)
            #expect(rotated.contains(" 200 "), "\(rotated)")
            #expect(try PlainHTTP.post("/admin/v1/node/drain", token: user, port: gateway.adminPort).contains(" 403 "))
            redis.kill9()
            let few = try AuditedGateway.token(roles: ["few"], subject: "bob")
            try Deadline.wait(for: "limits of this node's own", milliseconds: 15_000) {
                _ = try gateway.send(token: few)
                return try gateway.counts()["degraded_limit"] != nil
            }
            let limit = { (bytes: String) throws in
                _ = try SpawnedProcess.run(
                    ["prlimit", "--pid", "\(gateway.identifier)", "--fsize=\(bytes)"], in: try PrivateFolder())
            }
            try limit("20000:unlimited")
            _ = try Load.run(gateway, perSecond: 1_500, seconds: 4)
            try limit("unlimited:unlimited")
            try Deadline.wait(for: "the number of those that were lost", milliseconds: 15_000) {
                try gateway.counts()["audit_lost"] != nil
            }
            try gateway.stop()
            let reading = try Self.read(gateway, ["audit.jsonl"])
            #expect(reading.faults.isEmpty, "\(reading.faults)")
            for event in ["emcl_failure", "key_rotation", "admin_action", "authz_deny", "degraded_limit", "audit_lost"]
            {
                #expect(reading.events[event] ?? 0 > 0, "\(event): \(reading.events)")
            }
            #expect(try gateway.verify().code == 0)
        }
    }

    private static let denial = """
        apiVersion: security.istio.io/v1
        kind: AuthorizationPolicy
        metadata: { name: no-mallory, namespace: default }
        spec:
          action: DENY
          rules:
            - when: [{ key: "request.auth.claims[sub]", values: ["mallory*"] }]
        """

    @Test("every event that a gateway alone can have is valid against the schema, and the chain is as the guide says")
    func everyEvent() async throws {
        try await offPool {
            let gateway = try AuditedGateway(
                audit: AuditedGateway.file(mode: "block", more: ", checkpointSeconds: 1"), policy: Self.policy)
            defer { gateway.end() }
            try gateway.start()
            try Self.cause(gateway)
            try Deadline.wait(for: "a checkpoint", milliseconds: 10_000) {
                try gateway.counts()["audit_checkpoint"] != nil
            }
            try FileManager.default.moveItem(atPath: gateway.log, toPath: gateway.folder.file("log/audit.first"))
            gateway.signal(SIGHUP)
            try Deadline.wait(for: "the new file", milliseconds: 10_000) {
                try gateway.counts()["audit_continue"] != nil && gateway.counts()["config_reload"] != nil
            }
            try Self.block(gateway)
            try gateway.stop()
            try gateway.start()
            try gateway.stop()
            let reading = try Self.read(gateway, ["audit.first", "audit.jsonl"])
            #expect(reading.faults.isEmpty, "\(reading.faults)")
            #expect(reading.chains == 2)
            let wanted = [
                "request", "auth_success", "auth_failure", "policy_deny", "rate_limited", "agent_registered",
                "agent_renewed", "agents_listed", "agent_removed", "registration_refused", "peer_refused",
                "config_reload", "audit_start", "audit_continue", "audit_checkpoint", "audit_stop", "audit_refused",
            ]
            for event in wanted { #expect(reading.events[event] ?? 0 > 0, "\(event): \(reading.events)") }
            #expect(try gateway.verify().code == 0)
        }
    }

    /// One request of each kind.
    private static func cause(_ gateway: AuditedGateway) throws {
        let user = try AuditedGateway.token()
        let few = try AuditedGateway.token(roles: ["few"], subject: "bob")
        let agent = try AuditedGateway.token(roles: ["agent"], subject: "worker")
        #expect(try gateway.send(token: user).status == 200)
        #expect(try gateway.send(token: nil).status == 401)
        #expect(try gateway.send(token: "a.b.c").status == 401)
        #expect(try gateway.send(token: try AuditedGateway.token(roles: ["guest"])).status == 403)
        #expect(try gateway.send(token: few).status == 200)
        #expect(try gateway.send(token: few).status == 429)
        #expect(try gateway.send("{", token: user).status == 400)
        let hostile = AuditedGateway.envelope.replacingOccurrences(of: "req-1", with: #"\n\u202e\",\"seq\":1,\"x\":\""#)
        #expect(try gateway.send(hostile, token: user).status == 200)
        let instance = "/api/v1/agents/echo/instances/one"
        let body = #"{"url":"http://127.0.0.1:9/execute-agent","ttlSeconds":30,"intents":[{"name":"EchoIntent"}]}"#
        let registered = try gateway.send(body, method: "PUT", path: instance, token: agent)
        #expect(registered.status == 201, "\(registered.text)")
        #expect(try gateway.send(body, method: "PUT", path: instance, token: agent).status == 200)
        #expect(try gateway.send("", method: "GET", path: "/api/v1/agents", token: agent).status == 200)
        #expect(try gateway.send(body, method: "PUT", path: instance, token: user).status == 403)
        #expect(try gateway.send("", method: "DELETE", path: instance, token: agent).status == 200)
        // Who signs as a node that nobody knows is refused as a peer.
        let signed = AuditedGateway.request(token: user)
        let head = String(decoding: signed, as: UTF8.self).replacingOccurrences(
            of: "host: gateway\r\n",
            with:
                "host: gateway\r\nx-intentus-node-id: n\r\nx-intentus-node-ts: 1\r\nx-intentus-node-signature: AAAA\r\n"
        )
        _ = try Exchange.text(port: gateway.port, Array(head.utf8))
    }

    /// Takes the room for records away for a while.
    private static func block(_ gateway: AuditedGateway) throws {
        let folder = try PrivateFolder()
        let limit = { (bytes: String) throws in
            _ = try SpawnedProcess.run(["prlimit", "--pid", "\(gateway.identifier)", "--fsize=\(bytes)"], in: folder)
        }
        let token = try AuditedGateway.token()
        try limit("2000:unlimited")
        try Deadline.wait(for: "a refusal", milliseconds: 10_000) { try gateway.send(token: token).status == 503 }
        try limit("unlimited:unlimited")
        try Deadline.wait(for: "an answer", milliseconds: 10_000) { try gateway.send(token: token).status == 200 }
    }

    private static func read(_ gateway: AuditedGateway, _ files: [String]) throws -> Reading {
        let script = root.appending(path: "Tests/Interop/audit_log.py").path
        let schema = root.appending(path: "Tests/Vectors/audit/record.schema.json").path
        let output = gateway.folder.file("read.log")
        let words =
            [python, script, schema, gateway.folder.file("audit.key")] + files.map { gateway.folder.file("log/\($0)") }
        let process = try SpawnedProcess(words, log: output)
        _ = try process.waitForEnd(milliseconds: 60_000)
        let text = try String(contentsOfFile: output, encoding: .utf8)
        do {
            return try JSONDecoder().decode(Reading.self, from: Data(text.utf8))
        } catch {
            throw FixtureError("the reader said: \(text)")
        }
    }
}
