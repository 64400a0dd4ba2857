import IntentProtocol
import IntentusClient
import Testing

@testable import IntentusWorker

@Suite("The registration of a worker")
struct RegistrationTests {
    private static func configuration(_ registry: ScriptedRegistry) -> WorkerConfiguration {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a-1")
        configuration.gateways = [registry.url + "/"]
        return configuration
    }

    private static func greet(_ worker: IntentusWorker) {
        worker.onRaw("GreetIntent", version: "2.0") { _, _ in .success(1) }
        worker.onRaw("GreetIntent") { _, _ in .success(1) }
        worker.onRaw("ByeIntent", version: "*") { _, _ in .success(1) }
    }

    private static func registered(_ log: LogLines) -> [String] {
        log.all.filter { $0.contains("regist") }
    }

    @Test("says where it is and what it answers")
    func body() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        var configuration = Self.configuration(registry)
        configuration.token = .fixed("w0rker")
        configuration.nodeId = "node-7"
        configuration.nodePriority = 5
        configuration.ttlSeconds = 9
        try await RunningWorker.with(configuration, Self.greet) { worker in
            #expect(await eventually { registry.count("PUT") >= 1 })
            let request = try #require(registry.requests.first)
            #expect(request.line == "PUT /api/v1/agents/greeter/instances/a-1 HTTP/1.1")
            #expect(request.headers["authorization"] == "Bearer w0rker")
            #expect(request.headers["content-type"] == "application/json")
            #expect(
                request.body == """
                    {"url":"http://127.0.0.1:\(worker.port)/execute-agent","intents":[\
                    {"name":"ByeIntent","version":"*"},{"name":"GreetIntent","version":"1.0"},\
                    {"name":"GreetIntent","version":"2.0"}],"nodeId":"node-7","nodePriority":5,"ttlSeconds":9}
                    """)
        }
        let last = try #require(registry.requests.last)
        #expect(last.line == "DELETE /api/v1/agents/greeter/instances/a-1 HTTP/1.1")
        #expect(last.headers["authorization"] == "Bearer w0rker")
    }

    @Test("uses the address it is given")
    func advertised() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        var configuration = Self.configuration(registry)
        configuration.advertisedURL = "http://worker.example:9000/x"
        try await RunningWorker.with(configuration, Self.greet) { _ in
            #expect(await eventually { registry.count("PUT") >= 1 })
            let body = try JSONValue(parsing: Array(registry.requests[0].body.utf8)).objectValue
            #expect(body?["url"] == "http://worker.example:9000/x")
            #expect(body?["nodeId"] == .null)
        }
    }

    @Test("is renewed, and logged once")
    func renewed() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        try await RunningWorker.with(Self.configuration(registry), Self.greet) { worker in
            #expect(await eventually { registry.count("PUT") >= 3 })
            #expect(Self.registered(worker.log) == ["registered"])
        }
    }

    @Test("comes back after trouble, and each change is logged with its reason")
    func comesBack() async throws {
        let registry = try ScriptedRegistry(
            .answer(500, "oops"), .answer(302, "", headers: ["location: /elsewhere"]), ScriptedRegistry.accepted)
        defer { registry.stop() }
        try await RunningWorker.with(Self.configuration(registry), Self.greet) { worker in
            #expect(await eventually { registry.count("PUT") >= 3 && worker.log.all.contains("registered") })
            #expect(Self.registered(worker.log) == ["not registered (it answered HTTP status 500)", "registered"])
        }
        #expect(!registry.requests.contains { $0.line.contains("elsewhere") }, "no redirect is followed")
    }

    @Test("is tried again when a gateway stalls inside its answer", .timeLimit(.minutes(1)))
    func stalled() async throws {
        let registry = try ScriptedRegistry(.headOnly, ScriptedRegistry.accepted)
        defer { registry.stop() }
        try await RunningWorker.with(Self.configuration(registry), Self.greet) { worker in
            #expect(await eventually { registry.count("PUT") >= 2 && worker.log.all.contains("registered") })
            #expect(Self.registered(worker.log) == ["not registered (it cannot be reached)", "registered"])
        }
    }

    @Test("that is refused is logged with the gateway's words", arguments: [403, 409])
    func refused(status: Int) async throws {
        let registry = try ScriptedRegistry(
            .answer(status, #"{"status":"error","error":{"code":"UNAUTHORIZED","message":"not yours"}}"#))
        defer { registry.stop() }
        try await RunningWorker.with(Self.configuration(registry), Self.greet) { worker in
            #expect(await eventually { !Self.registered(worker.log).isEmpty })
            #expect(Self.registered(worker.log) == ["registration refused (\(status): not yours)"])
            #expect(registry.count("PUT") == 1)
        }
    }

    @Test("with a token that cannot be had says so and sends nothing")
    func noToken() async throws {
        struct Trouble: Error { var secret = "s3cret" }
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        var configuration = Self.configuration(registry)
        configuration.token = TokenProvider { throw Trouble() }
        try await RunningWorker.with(configuration, Self.greet) { worker in
            #expect(await eventually { !Self.registered(worker.log).isEmpty })
            #expect(Self.registered(worker.log) == ["not registered (no token could be had)"])
        }
        #expect(registry.requests.isEmpty)
    }

    @Test(
        "is not stopped by an answer without sense",
        arguments: ["", "[]", #"{"renewAfterSeconds":9223372036854775807}"#])
    func strangeAnswer(body: String) async throws {
        let registry = try ScriptedRegistry(.answer(200, body))
        defer { registry.stop() }
        try await RunningWorker.with(Self.configuration(registry), Self.greet) { worker in
            #expect(await eventually { Self.registered(worker.log) == ["registered"] })
        }
    }
}
