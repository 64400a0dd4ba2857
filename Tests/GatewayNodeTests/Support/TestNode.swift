import DevelopmentIssuer
import Foundation
import GatewayNode

/// A gateway node in this process on free ports, with its configuration in a folder of its own.
final class TestNode: Sendable {
    static let issuer = "https://idp.example.com"
    static let key: Result<DevelopmentKey, any Error> = Result { try DevelopmentKey(keyId: "k1") }

    static let allowUsers = """
        default: deny
        rules:
          - { id: users, action: ALLOW, roles: [user] }
        """

    let folder: URL
    let node: GatewayNode

    var port: Int { node.dataPort }
    var adminPort: Int { node.adminPort }

    /// - Parameters:
    ///   - agents: the `agents:` part of the configuration, as flow-style YAML.
    ///   - store: where limits, keys and agents are shared; a URL of Redis, or a flow-style mapping.
    ///   - extra: more top-level keys.
    ///   - files: more files of the node's folder, by their path in it.
    ///   - authentication: more keys below `authentication`, each indented by two spaces; they begin with more issuers.
    ///   - admin: more keys of `admin`, as flow-style YAML with a comma in front.
    ///   - hasOwnIssuer: whether the issuer of ``token(subject:roles:tenant:issuer:audience:lifetimeSeconds:now:)`` is
    ///     one of the node's.
    init(
        agents: String = "[]", policy: String = TestNode.allowUsers, authentication: String = "",
        listen: String = #"http: "127.0.0.1:0""#, store: String = "memory", extra: String = "",
        files: [String: String] = [:], admin: String = "", hasOwnIssuer: Bool = true,
        environment: [String: String] = [:]
    ) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "intentusnet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try TestNode.key.get().jwks().write(to: folder.appending(path: "jwks.json"), atomically: true, encoding: .utf8)
        try policy.write(to: folder.appending(path: "policy.yaml"), atomically: true, encoding: .utf8)
        let ownIssuer = """
                - issuer: \(TestNode.issuer)
                  audiences: [intentusnet]
                  jwks: { file: jwks.json }
            """
        let text = """
            listen: { \(listen) }
            admin: { http: "127.0.0.1:0"\(admin) }
            eventLoops: 1
            store: \(store)
            authentication:
              issuers:
            \(hasOwnIssuer ? ownIssuer : "")
            \(authentication)
            policy: { files: [policy.yaml] }
            audit: { output: file, file: audit.jsonl }
            log: { level: critical }
            agents: \(agents)
            \(extra)
            """
        for (name, text) in files {
            let place = folder.appending(path: name)
            try FileManager.default.createDirectory(
                at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: place, atomically: true, encoding: .utf8)
        }
        let path = folder.appending(path: "gateway.yaml")
        try text.write(to: path, atomically: true, encoding: .utf8)
        node = try await GatewayNode(configurationFile: path.path, environment: environment)
        try await node.start()
    }

    /// A node whose only agent is the given worker, for every intent that a test names.
    static func inFront(
        of worker: ScriptedWorker, intents: [String] = ["SummarizeIntent"], policy: String = TestNode.allowUsers,
        authentication: String = "", listen: String = #"http: "127.0.0.1:0""#, extra: String = ""
    ) async throws -> TestNode {
        try await TestNode(
            agents: "[\(agent("scripted", worker, intents: intents))]", policy: policy, authentication: authentication,
            listen: listen, extra: extra)
    }

    static func agent(
        _ name: String, _ worker: ScriptedWorker, intents: [String] = ["SummarizeIntent"], priority: Int = 100
    ) -> String {
        let list = intents.map { #"{ name: \#($0), version: "1.0" }"# }.joined(separator: ", ")
        return
            #"{ name: \#(name), nodePriority: \#(priority), intents: [\#(list)], instances: [{ url: "\#(worker.url)" }] }"#
    }

    func stop() async {
        await node.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// A token of the node's issuer.
    static func token(
        subject: String = "alice", roles: [String] = ["user"], tenant: String? = "acme", issuer: String = issuer,
        audience: String = "intentusnet", lifetimeSeconds: Int = 600, now: Date = Date()
    ) throws -> String {
        try key.get().sign(
            DevelopmentClaims(
                issuer: issuer, audience: audience, subject: subject, roles: roles, tenant: tenant,
                lifetimeSeconds: lifetimeSeconds, now: now))
    }

    /// The audit records of requests and reloads; without those of the log itself and of tokens that were verified.
    func auditLines() throws -> [[String: Any]] {
        try allAuditLines().filter { line in
            guard let event = line["event"] as? String else { return true }
            return !event.hasPrefix("audit_") && event != "auth_success"
        }
    }

    /// The lines of the audit file as it is, of requests alone.
    func requestRecords() throws -> [Substring] {
        try String(contentsOf: folder.appending(path: "audit.jsonl"), encoding: .utf8).split(separator: "\n")
            .filter { $0.contains(#""event":"request""#) }
    }

    func allAuditLines() throws -> [[String: Any]] {
        node.flushAudit()
        let text = try String(contentsOf: folder.appending(path: "audit.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any] ?? [:]
        }
    }
}
