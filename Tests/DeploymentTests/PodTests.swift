import Foundation
import RedisFixtures
import Testing

/// The pods of the overlays as processes: their files, arguments, probes and identities with the program itself.
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
        #expect(report.contains("0 errors"))
    }

    @Test("gateway, worker and Redis as production starts them: probes, identities, metrics, and who is refused")
    func production() throws {
        let stand = try Stand("overlays/production", in: folder, secrets: secrets)
        let worker = try stand.worker()
        let place = "https://127.0.0.1:\(stand.intents)"
        let service = try Caller("ns/default/sa/api-gateway", in: folder)
        try stand.gateway.wait(for: "an intent of the api-gateway") {
            let answer = try service.send("SummarizeIntent", to: place)
            guard answer.status == "200" else { throw FixtureError("\(answer)") }
            return answer.body.contains("from a pod")
        }
        #expect(try service.send("DeleteIntent", to: place).status == "403")
        let nobody = try Caller("ns/default/sa/nobody", in: folder)
        let balancer = try Caller("ns/ingress/sa/balancer", in: folder)
        let token = try stand.token()
        #expect(try balancer.send("SummarizeIntent", to: place, token: token).status == "200")
        #expect(try balancer.send("DeleteIntent", to: place, token: token).status == "403")
        #expect(try balancer.send("SummarizeIntent", to: place).status == "403", "a balancer is nobody by itself")
        #expect(try nobody.send("SummarizeIntent", to: place, token: token).status == "403", "past the balancer")
        #expect(try nobody.send("SummarizeIntent", to: place).status == "403", "no rule names it")
        #expect(try nobody.ask(place + "/api/v1/intent", ["-d", "{}"], showsCertificate: false).status == "000")
        // Whoever runs another agent's pods cannot be this one.
        let other = try nobody.ask(place + "/api/v1/agents/summarizer/instances/x", ["-X", "PUT", "-d", "{}"])
        #expect(other.status == "403")
        try expectAdminPlane(stand, nobody)
        #expect(try worker.stop() == 0)
        #expect(try stand.gateway.stop() == 0, "\(stand.gateway.lastWords)")
        #expect(try stand.redis.stop() == 0)
        let records = try String(contentsOfFile: stand.gateway.log, encoding: .utf8)
        #expect(records.contains(#""principal":"cluster.local/ns/default/sa/api-gateway""#))
    }

    private func expectAdminPlane(_ stand: Stand, _ nobody: Caller) throws {
        let command = try BuiltCommand.path
        // The image's health check, by TLS as the configuration says.
        for words in [["--config", stand.configuration], ["--config", stand.configuration, "--live"]] {
            _ = try SpawnedProcess.run([command, "health"] + words, in: folder)
        }
        let metrics = "https://127.0.0.1:\(stand.admin)/metrics"
        let prometheus = try Caller("ns/monitoring/sa/prometheus", in: folder)
        let page = try prometheus.ask(metrics, ["-H", "host: gateway.intentusnet.svc"])
        #expect(page.status == "200")
        try expectDashboard(page.body, stand.dashboard)
        try expectOnePage(stand, prometheus)
        #expect(try nobody.ask(metrics).status == "403")
        #expect(try nobody.ask(metrics, ["-k"], showsCertificate: false).status == "401")
        let looked = try SpawnedProcess.run([command, "check", "--redis", "--config", stand.configuration], in: folder)
        #expect(looked.contains("0 errors"), "\(looked)")
    }

    /// What anybody gets who reaches the port: words for probes, and the console's files, which hold nothing of this gateway.
    private static let open: Set = [
        "/health/live", "/health/ready", "/console", "/console/console.js", "/console/console.css",
    ]

    /// The scraper gets nothing else of what the admin port's own description names; who operates does.
    private func expectOnePage(_ stand: Stand, _ prometheus: Caller) throws {
        let place = "https://127.0.0.1:\(stand.admin)"
        let operatorOfGateways = try Caller("ns/ops/sa/operator", in: folder)
        let description = try operatorOfGateways.ask(place + "/admin/v1/openapi.json")
        #expect(description.status == "200")
        let document = try JSONSerialization.jsonObject(with: Data(description.body.utf8)) as? [String: Any]
        let paths = try #require(document?["paths"] as? [String: [String: Any]])
        // What is told of the data port is told of as another server.
        let admin = paths.filter { ($0.value["servers"] as? [[String: String]])?.first?["description"] == "admin.http" }
        var tried = Set<String>()
        for (path, item) in admin where path != "/metrics" {
            let filled = path.replacing("{name}", with: "summarizer").replacing("{id}", with: "summarizer-0")
            #expect(!filled.contains("{"), "a parameter that is not known here: \(path)")
            for method in item.keys where ["get", "put", "post", "delete"].contains(method) {
                let body = ["-X", method.uppercased(), "-H", "content-type: application/json", "-d", "{}"]
                let told = try prometheus.ask(place + filled, method == "get" ? [] : body).status
                #expect(told == (Self.open.contains(path) ? "200" : "403"), "\(method) \(path): \(told)")
                tried.insert(path)
            }
        }
        #expect(Set(admin.keys).subtracting(tried) == ["/metrics"], "\(tried.sorted())")
        #expect(
            tried.count > 25 && tried.isSuperset(of: ["/console", "/health/live", "/admin/v1/agents/{name}/drain"]))
        #expect(try prometheus.ask(place + "/metrics", ["-X", "POST", "-d", "{}"]).status == "405")
        for path in ["/admin/v1/overview", "/console", "/health/ready"] {
            #expect(try operatorOfGateways.ask(place + path).status == "200", "\(path)")
        }
    }

    /// Every metric that the dashboard names is on the page.
    private func expectDashboard(_ page: String, _ dashboard: String) throws {
        let there = Set(
            page.matches(of: #/# TYPE ([a-z_]+) ([a-z]+)/#).flatMap { match -> [String] in
                let name = String(match.1)
                return match.2 == "histogram" ? [name + "_bucket", name + "_sum", name + "_count"] : [name]
            })
        #expect(there.count > 60)
        let named = Set(dashboard.matches(of: #/(?:intentusnet|process)_[a-z_]+[a-z]/#).map { String($0.0) })
        #expect(named.count > 30)
        #expect(named.isSubset(of: there), "not there: \(named.subtracting(there).sorted())")
    }

    @Test("behind a sidecar as overlays/istio starts it: its word from the pod's own loopback, and nobody without it")
    func istio() throws {
        let stand = try Stand("overlays/istio", in: folder, secrets: secrets)
        // It registers through its sidecar, which is not here: as the sidecar would, the registration is sent below.
        let worker = try stand.worker()
        let place = "http://127.0.0.1:\(stand.intents)"
        let caller = try Caller("ns/default/sa/unseen", in: folder)
        func told(_ service: String) -> [String] {
            // From where a sidecar's connections to the application come.
            [
                "--interface", "127.0.0.6", "-H",
                "x-forwarded-client-cert: By=spiffe://cluster.local/ns/intentusnet/sa/gateway;Hash=00;Subject=\"\";"
                    + "URI=spiffe://cluster.local/\(service)",
            ]
        }
        let advertised = try worker.arguments("worker", variables: ["POD_IP": "127.0.0.1"])
            .first { $0.hasPrefix("--advertise=") }?.dropFirst("--advertise=".count)
        let registration = """
            {"url":"\(try #require(advertised))","intents":[{"name":"SummarizeIntent","version":"1.0"}],"ttlSeconds":60}
            """
        func register(as service: String) throws -> String {
            let words = ["-X", "PUT", "-H", "content-type: application/json", "-d", registration]
            return try caller.ask(
                place + "/api/v1/agents/summarizer/instances/a", words + told(service), showsCertificate: false
            ).status
        }
        #expect(try register(as: "ns/default/sa/api-gateway") == "403")
        #expect(try ["200", "201"].contains(register(as: "ns/intentusnet/sa/summarizer")))
        func send(_ options: [String]) throws -> String {
            try caller.send("SummarizeIntent", to: place, options: options, showsCertificate: false).status
        }
        #expect(try send(told("ns/default/sa/api-gateway")) == "200")
        #expect(try send(told("ns/default/sa/nobody")) == "403")
        #expect(try send([]) == "401", "without a sidecar's word a caller is nobody")
        let bearer = ["-H", "authorization: Bearer \(try stand.token())"]
        #expect(try send(told("ns/istio-ingress/sa/istio-ingress") + bearer) == "200")
        #expect(try send(told("ns/default/sa/nobody") + bearer) == "403")
    }

    @Test("a cluster of one's own as overlays/dev starts it: issuer, gateway and worker in plain HTTP")
    func development() throws {
        let rendered = try Rendered("overlays/dev", in: folder)
        let ports = try FreePorts.next(4)
        let here = [
            ("0.0.0.0:8080", "127.0.0.1:\(ports[0])"), ("0.0.0.0:9090", "127.0.0.1:\(ports[1])"),
            ("127.0.0.1:9400", "127.0.0.1:\(ports[2])"), ("--port=9400", "--port=\(ports[2])"),
            ("summarizer.intentusnet.svc:9001", "127.0.0.1:\(ports[3])"), ("--port=9001", "--port=\(ports[3])"),
            ("--host=0.0.0.0", "--host=127.0.0.1"),
        ]
        var pods: [Pod] = []
        for (index, (workload, container)) in [("gateway", "issuer"), ("gateway", "gateway"), ("summarizer", "worker")]
            .enumerated()
        {
            let pod = try Pod(workload, of: rendered, in: folder, secrets: nil, instance: index, replaced: here)
            let words = try pod.arguments(container, variables: ["POD_NAME": "summarizer-0"])
            try pod.start([try BuiltCommand.path] + words)
            pods.append(pod)
        }
        try pods[0].wait(for: "the issuer's probe") {
            (try? SpawnedProcess.run(pods[0].probe("readinessProbe", of: "issuer"), in: folder)) != nil
        }
        func ask(_ url: String, _ options: [String] = []) throws -> (status: String, body: String) {
            try Curl.ask(url, trusting: "/dev/null", options, in: folder)
        }
        for (pod, container, port) in [(pods[1], "gateway", ports[1]), (pods[2], "worker", ports[3])] {
            let path = try #require(try pod.container(container).text("readinessProbe", "httpGet", "path"))
            try pod.wait(for: "the probe of \(container)") {
                try ask("http://127.0.0.1:\(port)\(path)").status == "200"
            }
        }
        let given = try ask(
            "http://127.0.0.1:\(ports[2])/token", ["-d", #"{"subject":"alice","roles":["user"],"tenant":"acme"}"#])
        let token = try #require(given.body.firstMatch(of: #/"access_token":"([^"]+)"/#)?.1)
        let caller = try Caller("ns/default/sa/unseen", in: folder)
        let answer = try caller.send(
            "SummarizeIntent", to: "http://127.0.0.1:\(ports[0])", token: String(token), showsCertificate: false)
        #expect(answer.status == "200" && answer.body.contains("from a pod"), "\(answer)")
        for pod in pods.reversed() { #expect(try pod.stop() == 0, "\(pod.lastWords)") }
    }
}
