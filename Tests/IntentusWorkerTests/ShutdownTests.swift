import IntentProtocol
import IntentusClient
import Synchronization
import Testing

@testable import IntentusWorker

@Suite("The end of a worker")
struct ShutdownTests {
    private static func greet(_ worker: IntentusWorker) {
        worker.onRaw("GreetIntent") { _, _ in .success(1) }
    }

    @Test("leaves the gateways, refuses new requests, lets running ones finish")
    func graceful() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.gateways = [registry.url]
        let (begun, go) = (Signal(), Signal())
        try await RunningWorker.with(configuration) { worker in
            worker.onRaw("SlowIntent") { _, _ in
                begun.give()
                await go.wait()
                return .success(.bool(!Task.isCancelled))
            }
            worker.onRaw("GreetIntent") { _, _ in .success(1) }
        } _: { worker in
            #expect(await eventually { registry.count("PUT") > 0 })
            let slow = Task { try await worker.post(Requests.frame("SlowIntent")) }
            await begun.wait()
            await worker.stop()
            #expect(await eventually { registry.count("DELETE") == 1 })
            #expect(await eventually { (try? await worker.get("/health").status) == 503 })
            let refused = try await worker.post(Requests.frame())
            #expect(refused.response.error?.code == .agentUnavailable)
            go.give()
            #expect(try await slow.value.response.payload == true)
            try await worker.running.value
        }
        #expect(registry.requests.last?.line == "DELETE /api/v1/agents/greeter/instances/a HTTP/1.1")
        #expect(registry.count("DELETE") == 1)
    }

    @Test("does not wait longer than it may")
    func drainTimeout() async throws {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.drainTimeoutMilliseconds = 20
        let begun = Signal()
        let wasCancelled = Mutex(false)
        try await RunningWorker.with(configuration) { worker in
            worker.onRaw("SlowIntent") { _, _ in
                begun.give()
                await Signal().wait()
                wasCancelled.withLock { $0 = Task.isCancelled }
                return .success(1)
            }
        } _: { worker in
            let slow = Task { try? await worker.post(Requests.frame("SlowIntent")) }
            await begun.wait()
            await worker.stop()
            try await worker.running.value
            _ = await slow.value
        }
        #expect(await eventually { wasCancelled.withLock { $0 } })
    }

    @Test("does not wait for a gateway that stalls inside its answer", .timeLimit(.minutes(1)))
    func stallingGateway() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted, .headOnly)
        defer { registry.stop() }
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.gateways = [registry.url]
        try await RunningWorker.with(configuration, Self.greet) { _ in
            #expect(await eventually { registry.count("PUT") == 2 })
        }
        #expect(registry.count("DELETE") == 1)
    }

    @Test("does not wait for a token that does not come", .timeLimit(.minutes(1)))
    func hangingToken() async throws {
        let registry = try ScriptedRegistry(ScriptedRegistry.accepted)
        defer { registry.stop() }
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.gateways = [registry.url]
        let asked = Signal()
        configuration.token = TokenProvider {
            asked.give()
            await Signal().wait()
            return "late"
        }
        try await RunningWorker.with(configuration, Self.greet) { _ in
            await asked.wait()
        }
        #expect(registry.requests.isEmpty)
    }

    @Test("does not wait for a handler that does not listen", .timeLimit(.minutes(1)))
    func deafHandler() async throws {
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.drainTimeoutMilliseconds = 20
        let (begun, go) = (Signal(), Signal())
        defer { go.give() }
        try await RunningWorker.with(configuration) { worker in
            worker.onRaw("SlowIntent") { _, _ in
                begun.give()
                await Task.detached { await go.wait() }.value
                return .success(1)
            }
        } _: { worker in
            let slow = Task { try? await worker.post(Requests.frame("SlowIntent")) }
            await begun.wait()
            await worker.stop()
            try await worker.running.value
            _ = await slow.value
        }
    }

    @Test("does not wait for a gateway that is gone, and says nothing false of it")
    func goneGateway() async throws {
        let registry = try ScriptedRegistry(.silence)
        defer { registry.stop() }
        var configuration = WorkerConfiguration(name: "greeter", instanceId: "a")
        configuration.gateways = [registry.url]
        let log = Mutex<LogLines?>(nil)
        try await RunningWorker.with(configuration, Self.greet) { worker in
            log.withLock { $0 = worker.log }
            #expect(await eventually { registry.count("PUT") == 1 })
        }
        #expect(registry.count("DELETE") == 1)
        #expect(log.withLock { $0?.all.contains { $0.hasPrefix("not registered") } } == false)
    }
}
