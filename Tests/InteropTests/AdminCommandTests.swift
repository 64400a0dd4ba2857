import Foundation
import RedisFixtures
import Testing

/// The commands that look at a running gateway, and at its Redis.
@Suite("Commands of operators", .serialized)
struct AdminCommandTests {
    @Test("nodes, agents and limits print a table for people and JSON for programs")
    func tables() async throws {
        let (port, adminPort) = (try freePort(), try freePort())
        let configuration = CommandTests.configuration
            .replacing("127.0.0.1:8080", with: "127.0.0.1:\(port)")
            .replacing("127.0.0.1:9090", with: "127.0.0.1:\(adminPort)")
        let folder = try await CommandTests.folder(configuration: configuration)
        defer { folder.remove() }
        let gateway = try ChildProcess(ChildProcess.intentusnet, ["gateway", "--config", folder.path("gateway.yaml")])
        try await gateway.stopped {
            try await eventually("the gateway; it said: \(gateway.text)") { gateway.text.contains("listening") }
            let admin = "http://127.0.0.1:\(adminPort)/"
            let nodes = try await CommandTests.run("nodes", "--admin", admin)
            #expect(nodes.code == 0, "\(nodes.text)")
            #expect(nodes.text.hasPrefix("NAME "), "\(nodes.text)")
            #expect(nodes.text.contains("(this one)  127.0.0.1:\(port)"), "\(nodes.text)")
            let agents = try await CommandTests.run("agents", "--admin", admin)
            #expect(agents.code == 0, "\(agents.text)")
            let lines = agents.text.split(separator: "\n")
            #expect(lines.count == 2, "\(agents.text)")
            for wanted in ["summarizer", "configured", "SummarizeIntent:1.0", "http://127.0.0.1:9001", "healthy"] {
                #expect(lines.last?.contains(wanted) == true, "\(agents.text)")
            }
            let json = try await CommandTests.run("agents", "--json", "--admin", admin)
            let page = try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any]
            #expect((page?["agents"] as? [Any])?.count == 1, "\(json.text)")
            let limits = try await CommandTests.run("limits", "--admin", admin)
            #expect(limits.text == "no limit was asked lately\n", "\(limits.text)")
            // The data plane is no admin plane.
            let wrong = try await CommandTests.run("nodes", "--admin", "http://127.0.0.1:\(port)")
            #expect(wrong.code == 1 && wrong.text.contains("404"), "\(wrong.text)")
        }
    }

    @Test("a gateway that is not there is an error that names the address and the option")
    func nobodyThere() async throws {
        let port = try freePort()
        let (code, text) = try await CommandTests.run("nodes", "--admin", "http://127.0.0.1:\(port)")
        #expect(code == 1)
        #expect(text.contains("127.0.0.1:\(port) cannot be reached") && text.contains("--admin"), "\(text)")
    }

    @Test(
        "check --redis: 0 for a Redis that will do, 1 with the remedy for one that will not",
        .enabled(if: RedisServer.isInstalled))
    func checkRedis() async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret ~* &* +@all -hset"]
        let redis = try RedisServer.started(options)
        let folder = try await CommandTests.folder(
            configuration: CommandTests.configuration
                .replacing("store: memory", with: "store: redis://fixture:fixture@127.0.0.1:\(redis.port)"))
        defer { folder.remove() }
        let good = try await CommandTests.run("check", "--redis", "--config", folder.path("gateway.yaml"))
        #expect(good.code == 0, "\(good.text)")
        #expect(good.text.contains("standalone server 127.0.0.1:\(redis.port)"), "\(good.text)")
        #expect(good.text.contains("0 errors"), "\(good.text)")
        #expect(!good.text.contains("fixture:fixture"), "\(good.text)")

        try folder.write(
            CommandTests.configuration
                .replacing("store: memory", with: "store: redis://gateway:secret@127.0.0.1:\(redis.port)"),
            to: "gateway.yaml")
        let poor = try await CommandTests.run("check", "--redis", "--config", folder.path("gateway.yaml"))
        #expect(poor.code == 1, "\(poor.text)")
        #expect(poor.text.contains("ACL SETUSER gateway +hset"), "\(poor.text)")
        #expect(poor.text.contains("1 errors"), "\(poor.text)")

        try folder.write(CommandTests.configuration, to: "gateway.yaml")
        let memory = try await CommandTests.run("check", "--redis", "--config", folder.path("gateway.yaml"))
        #expect(memory.code == 1, "\(memory.text)")
        #expect(memory.text.contains("there is no Redis to look at"), "\(memory.text)")
    }
}
