import Foundation
import RedisFixtures
import Testing

/// docker/compose.yaml and its files with the real nginx, Redis, promtool and the program itself; no container engine.
@Suite("Compose", .serialized)
struct ComposeTests {
    @Test("fits the schema of Compose; nothing runs as root, writes to its image or is open to other machines")
    func schema() throws {
        let folder = try PrivateFolder()
        let file = Workplace.path("docker/compose.yaml")
        #expect(try Workplace.run(tool: "compose.py", [file], in: folder).hasPrefix("ok: 16 services"))
        let text = try Workplace.text("docker/compose.yaml")
        for (right, wrong) in [
            ("\"127.0.0.1:8443:8443\"", "\"8443:8443\""), ("./compose/grafana/datasource.yaml", "./nowhere.yaml"),
            ("stop_grace_period", "stop_grace"), ("{ condition: service_healthy }", "{ condition: well }"),
        ] {
            #expect(text.contains(right))
            let broken = try folder.write("compose.yaml", text.replacing(right, with: wrong))
            #expect(throws: FixtureError.self, "\(wrong)") {
                try Workplace.run(tool: "compose.py", [broken], in: folder)
            }
        }
    }

    @Test("promtool takes the configuration of Prometheus")
    func prometheus() throws {
        let composition = try Composition()
        for (folder, name) in [("", "ca.pem"), ("monitoring/", "prometheus.pem"), ("monitoring/", "prometheus.key")] {
            let place = composition.folder.file("run/" + folder)
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: place + "/" + name))
        }
        _ = try SpawnedProcess.run(
            ["promtool", "check", "config", try composition.file("prometheus.yaml")], in: composition.folder)
    }

    @Test("three gateways behind nginx: an intent by TLS, one gateway away, what callers say of themselves")
    func cluster() throws {
        let composition = try Composition()
        try composition.start()
        let place = "https://127.0.0.1:\(composition.balancer)"
        let envelope = """
            {"version":"1.0","intent":{"name":"SummarizeIntent","version":"1.0"},"payload":{"text":"through nginx"},\
            "context":{"sourceAgent":"test","timestamp":"2026-01-01T00:00:00Z"},\
            "metadata":{"requestId":"r-1","source":"test","createdAt":"2026-01-01T00:00:00Z"}}
            """
        var token = ""
        do {
            try Deadline.wait(for: "an intent through nginx", milliseconds: 30_000) {
                let given = try composition.ask(
                    place + "/token", ["-d", #"{"subject":"alice","roles":["user"],"tenant":"acme"}"#])
                guard let own = given.body.firstMatch(of: #/"access_token":"([^"]+)"/#)?.1 else {
                    throw FixtureError("no token: \(given)")
                }
                token = String(own)
                let answer = try send(composition, envelope, token)
                guard answer.status == "200" else { throw FixtureError("\(answer)") }
                return answer.body.contains("through nginx")
            }
        } catch {
            let logs = ["balancer", "gateway-1", "worker-1", "redis"].map { "\($0): \(composition.log($0))" }
            throw FixtureError("\(error)\n\(logs.joined(separator: "\n"))")
        }
        // A caller's own word on which service it is and where it comes from does not get past the balancer.
        let spoofed = try send(
            composition, envelope, token,
            [
                "-H", "x-forwarded-client-cert: URI=spiffe://cluster.local/ns/agents/sa/summarizer", "-H",
                "x-forwarded-for: 6.6.6.6",
            ])
        #expect(spoofed.status == "200")
        #expect(!(1...3).contains { composition.log("gateway-\($0)").contains("6.6.6.6") })
        #expect(try composition.ask(place + "/api/v1/intent", ["-d", envelope]).status == "401")

        let head = try composition.ask(place + "/api/v1/agents", ["-i", "-H", "authorization: Bearer \(token)"])
        #expect(head.body.lowercased().matches(of: /strict-transport-security: max-age=31536000/).count == 1, "\(head)")
        #expect(try composition.ask(place, ["--tls-max", "1.1"]).status == "000")
        #expect(
            try composition.ask(place, ["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES256-SHA"]).status == "000")

        composition.kill9("gateway-2")
        for _ in 0..<12 { #expect(try send(composition, envelope, token).status == "200") }
        // Past the balancer nobody without a certificate of the mesh is heard.
        #expect(try composition.ask("https://127.0.0.1:\(composition.gateways[0])", ["-d", envelope]).status == "000")
    }

    private func send(
        _ composition: Composition, _ envelope: String, _ token: String, _ options: [String] = []
    ) throws -> (status: String, body: String) {
        try composition.ask(
            "https://127.0.0.1:\(composition.balancer)/api/v1/intent",
            ["-H", "authorization: Bearer \(token)", "-H", "content-type: application/json", "-d", envelope] + options)
    }
}
