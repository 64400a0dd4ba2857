import IntentProtocol
import Logging
import Testing

@testable import IntentusWorker

@Suite("A running worker")
struct WorkerTests {
    private static func greet(_ worker: IntentusWorker) {
        worker.on("GreetIntent") { (greeting: Greeting, _) in greeting }
    }

    @Test("answers on each of its paths", arguments: ["/execute-agent", "/intent", "/"])
    func paths(path: String) async throws {
        try await RunningWorker.with(WorkerConfiguration(name: "greeter", instanceId: "a"), Self.greet) { worker in
            let answer = try await worker.post(Requests.frame(payload: ["guests": [["name": "Zoë 🐝"]]]), path: path)
            #expect(answer.status == 200)
            #expect(answer.response.payload == ["guests": [["name": "Zoë 🐝"]]])
            #expect(
                answer.text.hasPrefix(#"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"#))
        }
    }

    @Test("answers errors with HTTP 200, the error in the frame")
    func malformed() async throws {
        try await RunningWorker.with(WorkerConfiguration(name: "greeter", instanceId: "a"), Self.greet) { worker in
            let malformed = try await worker.post(Array("{".utf8))
            #expect(malformed.status == 200)
            #expect(malformed.response.error?.code == .validationError)
            let unknown = try await worker.post(Requests.frame("OtherIntent"))
            #expect(unknown.status == 200)
            #expect(unknown.response.error?.code == .capabilityNotFound)
        }
    }

    @Test("takes the time from the header")
    func timeout() async throws {
        try await RunningWorker.with(WorkerConfiguration(name: "greeter", instanceId: "a")) { worker in
            worker.onRaw("GreetIntent") { _, context in
                if context.deadline != nil { await Signal().wait() }
                return .success(.bool(Task.isCancelled))
            }
        } _: { worker in
            let late = try await worker.post(Requests.frame(), headers: [("X-Intentus-Timeout-Ms", "40")])
            #expect(late.response.error?.code == .agentTimeout)
            #expect(try await worker.post(Requests.frame()).response.payload == false)
            let nonsense = try await worker.post(Requests.frame(), headers: [("x-intentus-timeout-ms", "soon")])
            #expect(nonsense.response.payload == false)
        }
    }

    @Test("refuses a body beyond its limit with 413 and a frame")
    func tooLarge() async throws {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.bodyBytesMax = 2_000
        try await RunningWorker.with(configuration, Self.greet) { worker in
            let answer = try await worker.post([UInt8](repeating: 0x20, count: 2_001))
            #expect(answer.status == 413)
            #expect(answer.response.error?.code == .payloadTooLarge)
            #expect(try await worker.post(Requests.frame()).status == 200)
        }
    }

    @Test("tells its health")
    func health() async throws {
        try await RunningWorker.with(WorkerConfiguration(name: "greeter", instanceId: "a"), Self.greet) { worker in
            let answer = try await worker.get("/health")
            #expect(answer.status == 200)
            #expect(answer.text == #"{"status":"healthy"}"#)
        }
    }

    @Test("throws when its port is taken")
    func portTaken() async throws {
        try await RunningWorker.with(WorkerConfiguration(name: "greeter", instanceId: "a"), Self.greet) { worker in
            var configuration = WorkerConfiguration(name: "greeter", instanceId: "b")
            configuration.port = worker.port
            let second = IntentusWorker(configuration, logger: LogLines().logger)
            Self.greet(second)
            let error = await #expect(throws: (any Error).self) { try await second.run() }
            #expect(!(error is WorkerConfigurationError))
        }
    }

    @Test("ends when its task is cancelled, and leaves its gateway")
    func cancelled() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.gateways = [registry.url]
        let worker = IntentusWorker(configuration, logger: LogLines().logger)
        Self.greet(worker)
        let running = Task { try await worker.run() }
        #expect(await eventually { registry.count("PUT") > 0 })
        running.cancel()
        try await running.value
        #expect(registry.count("DELETE") == 1)
    }
}
