import DevelopmentIssuer
import Foundation
import RedisFixtures
import Testing

/// The pods of overlays/production as processes: their files, arguments, probes and identities with the program itself.
@Suite("Pods", .serialized)
struct PodTests {
    private let folder: PrivateFolder
    private let secrets: String

    init() throws {
        folder = try PrivateFolder()
        secrets = try Pod.secrets(in: folder)
    }

    @Test(
        "intentusnet check finds no error in a pod's files; nothing stands against production where it is meant for it",
        arguments: Rendered.all.filter { $0 != "load" })
    func check(overlay: String) throws {
        let pod = try Pod("gateway", of: Rendered(overlay, in: folder), in: folder, secrets: secrets)
        let flags = overlay == "overlays/dev" ? [] : ["--production"]
        let report = try SpawnedProcess.run(
            [try BuiltCommand.path, "check", "--config", pod.root + "/etc/intentusnet/gateway.yaml"] + flags, in: folder
        )
        #expect(!report.contains("\nfailure"), "\(report)")
    }

    @Test("gateway, worker and Redis as production starts them: probes, identities, metrics, and who is refused")
    func production() throws {
        let rendered = try Rendered("overlays/production", in: folder)
        let ports = try FreePorts.next(4)
        let (intents, admin, redisPort, workerPort) = (ports[0], ports[1], ports[2], ports[3])
        let here = [
            ("0.0.0.0:8080", "127.0.0.1:\(intents)"), ("0.0.0.0:9090", "127.0.0.1:\(admin)"),
            ("redis.intentusnet.svc:6379", "127.0.0.1:\(redisPort)"),
            ("tls-port 6379", "tls-port \(redisPort)\nbind 127.0.0.1"),
            ("gateway.intentusnet.svc:8080", "127.0.0.1:\(intents)"), ("0.0.0.0", "127.0.0.1"),
            (":9001", ":\(workerPort)"),
            ("--port=9001", "--port=\(workerPort)"),
            // No issuer is reached from here; its keys are none of this test.
            (#"{ url: "https://idp.example.com/.well-known/jwks.json" }"#, "{ file: jwks.json }"),
        ]
        func pod(_ name: String) throws -> Pod {
            try Pod(name, of: rendered, in: folder, secrets: secrets, replaced: here)
        }
        let redis = try pod("redis")
        try redis.start(redis.arguments("redis"))
        try redis.wait(for: "the probe of Redis") {
            let words = try redis.probe("readinessProbe", of: "redis").map {
                $0.replacing("redis-cli ", with: "redis-cli -p \(redisPort) ")
            }
            return (try? SpawnedProcess.run(words, in: folder)) != nil
        }
        let gateway = try pod("gateway")
        let key = try DevelopmentKey(keyId: "k1")
        try key.jwks().write(
            toFile: gateway.root + "/etc/intentusnet/jwks.json", atomically: true, encoding: .utf8)
        try gateway.start([try BuiltCommand.path] + gateway.arguments("gateway"))
        let nobody = try Caller("ns/default/sa/nobody", in: folder)
        let container = try gateway.container("gateway")
        for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
            let path = try #require(container.text(probe, "httpGet", "path"))
            // As the kubelet: no certificate, and no look at the gateway's.
            try gateway.wait(for: probe) {
                try nobody.ask("https://127.0.0.1:\(admin)\(path)", ["-k"], showsCertificate: false).status == "200"
            }
        }
        let worker = try pod("summarizer")
        let variables = ["POD_NAME": "summarizer-0", "POD_IP": "127.0.0.1"]
        try worker.start([try BuiltCommand.path] + worker.arguments("worker", variables: variables))
        for probe in ["livenessProbe", "readinessProbe"] {
            try worker.wait(for: probe) {
                (try? SpawnedProcess.run(worker.probe(probe, of: "worker"), in: folder)) != nil
            }
        }

        let place = "https://127.0.0.1:\(intents)"
        let service = try Caller("ns/default/sa/api-gateway", in: folder)
        try gateway.wait(for: "an intent of the api-gateway") {
            let answer = try service.send("SummarizeIntent", to: place)
            guard answer.status == "200" else { throw FixtureError("\(answer)") }
            return answer.body.contains("from a pod")
        }
        #expect(try service.send("DeleteIntent", to: place).status == "403")
        let balancer = try Caller("ns/ingress/sa/balancer", in: folder)
        let token = try key.sign(
            DevelopmentClaims(
                issuer: "https://idp.example.com", audience: "intentusnet", subject: "alice", roles: ["user"],
                tenant: "acme", lifetimeSeconds: 600, now: Date()))
        #expect(try balancer.send("SummarizeIntent", to: place, token: token).status == "200")
        #expect(try balancer.send("DeleteIntent", to: place, token: token).status == "403")
        #expect(try balancer.send("SummarizeIntent", to: place).status == "403", "a balancer is nobody by itself")
        #expect(try nobody.send("SummarizeIntent", to: place, token: token).status == "403", "past the balancer")
        #expect(try nobody.send("SummarizeIntent", to: place).status == "403", "no rule names it")
        #expect(try nobody.ask(place + "/api/v1/intent", ["-d", "{}"], showsCertificate: false).status == "000")
        // Whoever runs another agent's pods cannot be this one.
        let other = try nobody.ask(place + "/api/v1/agents/summarizer/instances/x", ["-X", "PUT", "-d", "{}"])
        #expect(other.status == "403")

        let prometheus = try Caller("ns/monitoring/sa/prometheus", in: folder)
        let metrics = try prometheus.ask("https://127.0.0.1:\(admin)/metrics", ["-H", "host: gateway.intentusnet.svc"])
        #expect(metrics.status == "200")
        try expectDashboard(metrics.body, rendered)
        #expect(try nobody.ask("https://127.0.0.1:\(admin)/metrics").status == "403")
        #expect(try nobody.ask("https://127.0.0.1:\(admin)/metrics", ["-k"], showsCertificate: false).status == "401")

        let looked = try SpawnedProcess.run(
            [try BuiltCommand.path, "check", "--redis", "--config", gateway.root + "/etc/intentusnet/gateway.yaml"],
            in: folder)
        #expect(looked.contains("0 errors"), "\(looked)")
        #expect(try worker.stop() == 0)
        #expect(try gateway.stop() == 0, "\(gateway.lastWords)")
        #expect(try redis.stop() == 0)
        let records = try String(contentsOfFile: gateway.log, encoding: .utf8)
        #expect(records.contains(#""principal":"cluster.local/ns/default/sa/api-gateway""#))
    }

    /// Every metric that the dashboard and the scaling name is on the page.
    private func expectDashboard(_ page: String, _ rendered: Rendered) throws {
        let there = Set(
            page.matches(of: #/# TYPE ([a-z_]+) ([a-z]+)/#).flatMap { match -> [String] in
                let name = String(match.1)
                return match.2 == "histogram" ? [name + "_bucket", name + "_sum", name + "_count"] : [name]
            })
        #expect(there.count > 60)
        let dashboard = try rendered.configuration("intentusnet-dashboard", "dashboard.json")
        let named = Set(dashboard.matches(of: #/(?:intentusnet|process)_[a-z_]+[a-z]/#).map { String($0.0) })
        #expect(named.count > 30)
        #expect(named.isSubset(of: there), "not there: \(named.subtracting(there).sorted())")
    }
}
