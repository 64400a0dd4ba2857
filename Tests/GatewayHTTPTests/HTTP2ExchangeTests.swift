import Foundation
import RedisFixtures
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Requests over HTTP/2")
    struct HTTP2ExchangeTests {
        /// Runs a listener that offers HTTP/2, with a client on it.
        static func run(
            limits: HTTPLimits = HTTPLimits(), http2: HTTP2Limits = HTTP2Limits(),
            answering behaviour: @escaping TestServer.Behaviour = TestServer.echo,
            during body: (TestServer, HTTP2Client, TLSGauges) async throws -> Void
        ) async throws {
            var tls = try TLSFixture.listener(offersHTTP2: true)
            tls.http2 = http2
            let gauges = tls.gauges
            try await TestServer.run(limits: limits, tls: tls, answering: behaviour) { server in
                try await body(server, try await HTTP2Client(port: server.server.port), gauges)
            }
        }

        @Test(
            "curl is answered, over each version of TLS, and chooses HTTP/1.1 where it wants",
            arguments: ["1.2", "1.3"])
        func curl(version: String) async throws {
            let tls = try TLSFixture.listener(offersHTTP2: true)
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let answer = try server.curl(["--http2", "--tls-max", version])
                #expect(answer.status == 200 && answer.version == "2" && answer.output.contains("hello"), "\(answer)")
                #expect(answer.output.contains("strict-transport-security: max-age=31536000"))
                #expect(answer.output.contains("content-length: 5"))
                let old = try server.curl(["--http1.1"])
                #expect(old.status == 200 && old.version == "1.1")
            }
        }

        @Test("bodies larger than every window pass in both directions")
        func largeBody() async throws {
            let tls = try TLSFixture.listener(offersHTTP2: true)
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let body = String(repeating: "0123456789abcdef", count: 120_000)
                let file = try TLSFixture.certificates.get().folder.write("large.txt", body)
                let answer = try server.curl(["--http2"], body: "@\(file)")
                #expect(answer.version == "2" && answer.output.contains(body.suffix(100_000)))
            }
        }

        @Test(
            "h2load has each of its requests answered",
            .enabled(if: FileManager.default.fileExists(atPath: "/usr/bin/h2load")))
        func h2load() async throws {
            let tls = try TLSFixture.listener(offersHTTP2: true)
            try await TestServer.run(tls: tls, answering: TestServer.echo) { server in
                let folder = try TLSFixture.certificates.get().folder
                let output = try SpawnedProcess.run(
                    [
                        "h2load", "-n", "3000", "-c", "4", "-m", "50",
                        "https://127.0.0.1:\(server.server.port)/api/v1/agents",
                    ], in: folder)
                #expect(output.contains("3000 succeeded, 0 failed, 0 errored, 0 timeout"), "\(output)")
                #expect(output.contains("Application protocol: h2"))
            }
        }

        @Test("streams are answered in the order in which their answers are ready")
        func concurrent() async throws {
            let gate = Gate()
            try await Self.run(answering: { request, _ in
                if request.body == Array("slow".utf8) { await gate.wait() }
                return HTTPAnswer(status: 200, body: request.body)
            }) { server, client, _ in
                client.request(1, body: "slow")
                client.request(3, body: "quick")
                #expect(await client.body(3) == "quick")
                #expect(server.server.gauges.requestsInFlight == 1)
                gate.open()
                #expect(await client.body(1) == "slow")
            }
        }

        @Test("a refused request has its answer, and its connection goes on")
        func refusals() async throws {
            var limits = HTTPLimits()
            limits.bodyBytesMax = 10
            limits.requestTimeoutMilliseconds = 200
            try await Self.run(limits: limits) { server, client, _ in
                client.request(1, body: "far too long")
                #expect(await client.body(1)?.hasPrefix("body_too_large") == true)
                client.send(HTTP2Client.frame(1, flags: 5, stream: 3, client.block("/nowhere")))
                #expect(await client.body(3)?.hasPrefix("not_found") == true)
                client.send(HTTP2Client.frame(1, flags: 5, stream: 5, client.block("/api/v1/intent", method: "GET")))
                #expect(await client.body(5)?.hasPrefix("method_not_allowed") == true)
                client.request(7, (0..<70).map { ("x-\($0)", "1") })
                #expect(await client.body(7)?.hasPrefix("head_too_large") == true)
                client.request(9, [("content-encoding", "gzip")])
                #expect(await client.body(9)?.hasPrefix("unsupported_encoding") == true)
                client.request(11, [("authorization", "a"), ("authorization", "b")])
                #expect(await client.body(11)?.hasPrefix("bad_request") == true)
                // A body that never comes.
                client.send(HTTP2Client.frame(1, flags: 4, stream: 13, client.block()))
                #expect(await client.body(13)?.hasPrefix("timeout") == true)
                #expect(await client.resetCode(13) == 0)
                client.request(15, body: "still on")
                #expect(await client.body(15) == "still on")
                #expect(server.handled.value == 1)
            }
        }

        @Test("a stream that is reset cancels its handler alone")
        func cancelled() async throws {
            let gate = Gate()
            try await Self.run(answering: { request, _ in
                guard request.body == Array("wait".utf8) else { return HTTPAnswer(status: 200, body: request.body) }
                await gate.waitUntilCancelled()
                return HTTPAnswer(status: 200, body: [])
            }) { server, client, _ in
                client.request(1, body: "wait")
                #expect(await eventually { server.server.gauges.requestsInFlight == 1 })
                client.send(HTTP2Client.frame(3, stream: 1, [0, 0, 0, 8]))
                #expect(await eventually { gate.isOpen && server.server.gauges.requestsInFlight == 0 })
                client.request(3, body: "on")
                #expect(await client.body(3) == "on")
            }
        }

        @Test("a server that stops says so, finishes what runs, takes what is on its way, and ends")
        func drain() async throws {
            let gate = Gate()
            try await Self.run(answering: { request, _ in
                if request.body == Array("slow".utf8) { await gate.wait() }
                return HTTPAnswer(status: 200, body: request.body)
            }) { server, client, _ in
                client.request(1, body: "slow")
                #expect(await eventually { server.server.gauges.requestsInFlight == 1 })
                let drain = Task { await server.server.drain(withinMilliseconds: 10_000) }
                // Two GOAWAY frames: the first names no stream, the second the last one.
                #expect(await eventually { client.frames.count { $0.type == 7 } == 2 })
                let named = client.frames.filter { $0.type == 7 }.map { Array($0.payload.prefix(4)) }
                #expect(named == [[0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 0, 1]])
                gate.open()
                #expect(await client.body(1) == "slow")
                #expect(await client.isOver())
                await drain.value
            }
        }

        @Test("a connection without streams is ended after its idle time")
        func idle() async throws {
            var limits = HTTPLimits()
            limits.idleTimeoutMilliseconds = 100
            try await Self.run(limits: limits) { _, client, _ in
                client.request(1, body: "once")
                #expect(await client.body(1) == "once")
                #expect(await client.isOver())
                #expect(client.frames.contains { $0.type == 7 })
            }
        }
    }
}
