import Foundation
import RedisFixtures
import Testing

/// The six nodes of overlays/redis-cluster as processes, joined by its Job, with the users of k8s/make-secrets.
@Suite("Redis Cluster of the manifests")
struct RedisClusterTests {
    @Test("six nodes by TLS join, gateways find them by name, and joining again does nothing")
    func joins() throws {
        let folder = try PrivateFolder()
        let secrets = try Pod.secrets(in: folder)
        let rendered = try Rendered("overlays/redis-cluster", in: folder)
        let ports = try FreePorts.next(6)
        let members = ports.map { "127.0.0.1:\($0)" }
        let nodes = try ports.enumerated().map { index, port in
            try Pod(
                "redis", of: rendered, in: folder, secrets: secrets, instance: index,
                replaced: [
                    ("tls-port 6379", "tls-port \(port)\nbind 127.0.0.1"), ("redis-cli ", "redis-cli -p \(port) "),
                    ("redis-nodes.intentusnet.svc", "127.0.0.1"),
                ])
        }
        for node in nodes {
            // Names of the cluster are not known here: each is called by its address, for which its certificate is, too.
            let variables = ["POD_NAME": "redis", "POD_IP": "127.0.0.1"]
            let words = try node.arguments("redis", variables: variables)
            #expect(words.contains("redis.127.0.0.1"), "the announced name is pod and service: \(words)")
            try node.start(words.map { $0 == "redis.127.0.0.1" ? "127.0.0.1" : $0 })
        }
        for node in nodes {
            try node.wait(for: "the probe of a node") {
                (try? SpawnedProcess.run(node.probe("readinessProbe", of: "redis"), in: folder)) != nil
            }
        }
        let job = try Pod("redis-join", of: rendered, in: folder, secrets: secrets)
        let join = job.root + "/etc/redis/join.sh"
        let password = try #require(
            try String(contentsOfFile: secrets, encoding: .utf8).firstMatch(of: #/operator-password: "([^"]+)"/#)?.1)
        let words = ["env", "REDISCLI_AUTH=\(password)", "REDIS_MEMBERS=\(members.joined(separator: " "))", "sh", join]
        let first = try SpawnedProcess.run(words, in: folder, withinMilliseconds: 60_000)
        #expect(first.contains("All 16384 slots covered"), "\(first)")
        let check = try checkedGateway(rendered, folder, secrets, members)
        try Deadline.wait(for: "the cluster as a gateway sees it", milliseconds: Deadline.agreementMilliseconds) {
            let report = try SpawnedProcess.run(check, in: folder)
            guard report.contains("0 errors"), members.allSatisfy(report.contains) else { throw FixtureError(report) }
            return true
        }
        #expect(try SpawnedProcess.run(words, in: folder).contains("joined already"))
        // A master takes it only when a replica follows it (min-replicas-to-write).
        let files = job.root + "/etc/redis/tls/"
        let write =
            ["env", "REDISCLI_AUTH=\(password)", "redis-cli", "-c", "-p", "\(ports[0])", "--tls", "--user", "operator"]
            + ["--cacert", files + "ca.crt", "--cert", files + "tls.crt", "--key", files + "tls.key", "set", "a", "b"]
        try Deadline.wait(for: "a write", milliseconds: Deadline.agreementMilliseconds) {
            try SpawnedProcess.run(write, in: folder).contains("OK")
        }
        for node in nodes { #expect(try node.stop() == 0, "\(node.lastWords)") }
    }

    private func checkedGateway(
        _ rendered: Rendered, _ folder: PrivateFolder, _ secrets: String, _ members: [String]
    ) throws -> [String] {
        let here = (0..<3).map { ("redis-\($0).redis-nodes.intentusnet.svc:6379", members[$0]) }
        let gateway = try Pod("gateway", of: rendered, in: folder, secrets: secrets, replaced: here)
        return [try BuiltCommand.path, "check", "--redis", "--config", gateway.root + "/etc/intentusnet/gateway.yaml"]
    }
}
