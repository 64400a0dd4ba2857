import AdminServer
import Foundation
import GatewayHTTP
import Logging
import NIOCore
import NIOPosix
import Observability
import ServiceLifecycle
import Synchronization
import Testing

@Suite("Admin server", .timeLimit(.minutes(1)))
struct AdminServerTests {
    private let metrics = MetricsRegistry()
    private let health = HealthState()

    /// Runs a server on a free port while the body runs, and stops it gracefully.
    private func withServer(
        operations: CountedOperations = CountedOperations(), change: (inout AdminServer.Settings) -> Void = { _ in },
        body: (RawClient) async throws -> Void
    ) async throws {
        var settings = AdminServer.Settings()
        settings.port = 0
        change(&settings)
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let logger = Logger(label: "admin") { _ in SwiftLogNoOpLogHandler() }
        let server = AdminServer(
            settings: settings, parts: try .forTests(metrics: metrics, health: health, operations: operations),
            eventLoopGroup: loops, onBound: { continuation.yield($0) })
        let group = ServiceGroup(services: [server], logger: logger)
        let running = Task {
            defer { continuation.finish() }
            try await group.run()
        }
        var iterator = ports.makeAsyncIterator()
        if let port = await iterator.next() {
            #expect(port > 0)
            do {
                try await body(RawClient(port: port))
            } catch {
                Issue.record(error)
            }
        }
        await group.triggerGracefulShutdown()
        try await running.value
        try await loops.shutdownGracefully()
    }

    @Test("serves the metrics as Prometheus asks for them")
    func metricsPage() async throws {
        metrics.counter("intentusnet_reloads_total", "Reloads.").increment(by: 2)
        try await withServer { client in
            let answer = try await client.send("GET", "/metrics?x=1")
            #expect(answer.status == 200)
            #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
            #expect(
                answer.body == """
                    # HELP intentusnet_reloads_total Reloads.
                    # TYPE intentusnet_reloads_total counter
                    intentusnet_reloads_total 2

                    """)
            #expect(answer.header("content-length") == "\(answer.body.utf8.count)")
        }
    }

    @Test("a page is read at its path alone, made anew each time, and never written")
    func reads() async throws {
        let operations = CountedOperations()
        try await withServer(operations: operations) { client in
            for number in 1...2 {
                let answer = try await client.send("GET", "/admin/v1/nodes")
                #expect(answer.status == 200)
                #expect(answer.header("content-type") == "application/json")
                #expect(answer.header("cache-control") == "no-store")
                #expect(answer.body == "{\"call\":\(number)}\n")
            }
            #expect(try await client.send("GET", "/admin/v1/nodes/").status == 404)
            #expect(try await client.send("GET", "/admin/v1/nodes?x=1").status == 400)
            #expect(try await client.send("DELETE", "/admin/v1/nodes").status == 405)
            #expect(operations.calls.load(ordering: .relaxed) == 2)
        }
    }

    @Test("readiness flips with the phase, liveness stays")
    func readiness() async throws {
        try await withServer { client in
            var answer = try await client.send("GET", "/health/ready")
            #expect(answer.status == 503)
            #expect(answer.body == "{\"status\":\"not_ready\",\"reason\":\"starting\"}\n")
            health.enter(.serving)
            answer = try await client.send("GET", "/health/ready")
            #expect(answer.status == 200)
            #expect(answer.body == "{\"status\":\"ready\"}\n")
            health.enter(.draining)
            answer = try await client.send("GET", "/health/ready")
            #expect(answer.status == 503)
            #expect(answer.body == "{\"status\":\"not_ready\",\"reason\":\"draining\"}\n")
            answer = try await client.send("GET", "/health/live")
            #expect(answer.status == 200)
            #expect(answer.body == "{\"status\":\"live\"}\n")
        }
    }

    @Test(
        "the health report answers 503 only when a part is unhealthy",
        arguments: [(HealthState.Status.healthy, 200), (.degraded, 200), (.unhealthy, 503)])
    func healthPage(status: HealthState.Status, expected: Int) async throws {
        health.set("keys", status, "as told")
        try await withServer { client in
            let answer = try await client.send("GET", "/health")
            #expect(answer.status == expected)
            #expect(answer.header("content-type") == "application/json")
            #expect(
                answer.body == #"{"status":"\#(status.rawValue)","checks":{"keys":{"status":"\#(status.rawValue)","#
                    + #""message":"as told"}},"timestamp":"2026-03-14T15:09:26.535897Z"}"# + "\n")
        }
    }

    @Test("answers HEAD as GET without the body", arguments: ["/metrics", "/health", "/health/live", "/health/ready"])
    func head(path: String) async throws {
        _ = metrics.counter("a_total", "A.")
        try await withServer { client in
            let get = try await client.send("GET", path)
            let head = try await client.send("HEAD", path)
            #expect(head.status == get.status)
            #expect(head.body.isEmpty)
            #expect(head.header("content-length") == "\(get.body.utf8.count)")
            #expect(head.header("content-type") == get.header("content-type"))
        }
    }

    @Test(
        "S33 answers nothing but its pages",
        arguments: ["/", "/health/", "/Health", "//health", "/health/../metrics", "/%68ealth", "/admin", "/metrics/x"])
    func unknownPath(path: String) async throws {
        try await withServer { client in
            for method in ["GET", "POST", "HEAD"] {
                let answer = try await client.send(method, path)
                let isOdd = path.contains("//") || path.contains("..") || path.contains("%")
                #expect(answer.status == (isOdd ? 400 : 404))
                #expect(answer.header("content-type") == "application/json")
                let code = isOdd ? "BAD_REQUEST" : "NOT_FOUND"
                #expect(method == "HEAD" ? answer.body.isEmpty : answer.body.hasPrefix(#"{"error":{"code":"\#(code)""#))
            }
        }
    }

    @Test("refuses other methods", arguments: ["POST", "PUT", "DELETE", "OPTIONS"])
    func method(method: String) async throws {
        try await withServer { client in
            let answer = try await client.send(method, "/health", headers: "Content-Length: 2\r\n", body: "{}")
            #expect(answer.status == 405)
            #expect(answer.header("allow") == "GET, HEAD")
        }
    }

    @Test("every answer carries the security headers", arguments: ["/metrics", "/health", "/health/ready", "/nowhere"])
    func securityHeaders(path: String) async throws {
        try await withServer { client in
            let answer = try await client.send("GET", path)
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("cache-control") == "no-store")
            #expect(answer.header("server") == nil)
        }
    }

    @Test("cuts off a peer that sends a large body, and goes on serving")
    func largeBody() async throws {
        try await withServer(change: { $0.limits.bodyBytesMax = 1000 }) { client in
            let large = String(repeating: "x", count: 100_000)
            // No Connection: close here: the server itself must end it.
            let text = try await client.exchange(
                "GET /health HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n\(large)")
            #expect(!text.hasPrefix("HTTP/1.1 200"))
            #expect(try await client.send("GET", "/health/live").status == 200)
        }
    }

    @Test("refuses too many and too large headers, and goes on serving")
    func largeHead() async throws {
        try await withServer { client in
            let large = try await client.exchange(
                "GET /health HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n")
            #expect(!large.hasPrefix("HTTP/1.1 200"))
            let many = (0..<100).map { "X\($0): 1\r\n" }.joined()
            #expect(try await client.send("GET", "/health", headers: many).status != 200)
            #expect(try await client.send("GET", "/health/live").status == 200)
        }
    }

    @Test("closes a connection on which no whole request comes")
    func idle() async throws {
        try await withServer(change: {
            $0.limits.idleTimeoutMilliseconds = 50
            $0.limits.headerTimeoutMilliseconds = 50
        }) { client in
            let partial = try await client.exchange("GET /health HT")
            let silent = try await client.exchange("")
            #expect(partial.hasPrefix("HTTP/1.1 408"))
            #expect(silent.isEmpty)
        }
    }

    @Test("answers several requests on one connection in order")
    func keepAlive() async throws {
        try await withServer { client in
            let text = try await client.exchange(
                "GET /health/live HTTP/1.1\r\nHost: a\r\n\r\nHEAD /health/live HTTP/1.1\r\nHost: a\r\n\r\n"
                    + "GET /nowhere HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let statuses = text.split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            #expect(statuses == ["200", "200", "404"])
        }
    }

    @Test("serves many scrapes at once")
    func concurrent() async throws {
        let meter = RequestMeter()
        metrics.register(meter)
        for index in 0..<50 {
            meter.record(
                intent: "Intent\(index)", agent: "a", outcome: RequestOutcome.success, latencyNanoseconds: 1000)
        }
        try await withServer { client in
            let expected = try await client.send("GET", "/metrics").body
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<20 { group.addTask { try await client.send("GET", "/metrics").body } }
                for try await body in group { #expect(body == expected) }
            }
        }
    }

    @Test("says when the address is taken")
    func addressInUse() async throws {
        try await withServer { client in
            await #expect(throws: IOError.self) {
                try await withServer(change: { $0.port = client.port }) { _ in }
            }
        }
    }
}
