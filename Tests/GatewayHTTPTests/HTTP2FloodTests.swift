import NIOHPACK
import Testing

@testable import GatewayHTTP

extension SocketTests {
    /// Pitfall S17: each flood ends its own connection, and nobody else's.
    @Suite("Floods over HTTP/2")
    struct HTTP2FloodTests {
        /// Sends the flood, and expects the fault that it is counted as, while another connection goes on.
        private static func expectFault(
            _ fault: HTTP2Fault, http2: HTTP2Limits = HTTP2Limits(),
            answering behaviour: @escaping TestServer.Behaviour = TestServer.echo,
            _ flood: @escaping (HTTP2Client) -> Void
        ) async throws {
            try await HTTP2ExchangeTests.run(http2: http2, answering: behaviour) { server, client, gauges in
                let neighbour = try await HTTP2Client(port: server.server.port)
                neighbour.request(1, body: "before")
                #expect(await neighbour.body(1) == "before")
                flood(client)
                #expect(await client.isOver(), "\(fault)")
                #expect(await eventually { gauges.http2FaultCounts[fault] == 1 }, "\(gauges.http2FaultCounts)")
                neighbour.request(3, body: "after")
                #expect(await neighbour.body(3) == "after")
                #expect(await eventually { server.server.gauges.requestsInFlight == 0 })
            }
        }

        @Test("of streams that are reset at once")
        func rapidReset() async throws {
            let gate = Gate()
            try await Self.expectFault(
                .resets,
                answering: { request, _ in
                    guard request.body.isEmpty else { return HTTPAnswer(status: 200, body: request.body) }
                    await gate.waitUntilCancelled()
                    return HTTPAnswer(status: 200, body: [])
                }
            ) { client in
                for index in 0..<400 {
                    client.request(index * 2 + 1)
                    client.send(HTTP2Client.frame(3, stream: index * 2 + 1, [0, 0, 0, 8]))
                }
            }
        }

        @Test("of settings, of pings and of priorities", arguments: [4, 6, 2] as [UInt8])
        func controlFrames(type: UInt8) async throws {
            try await Self.expectFault(.controlFrames) { client in
                for _ in 0..<400 {
                    let bytes = [4: 0, 6: 8, 2: 5][type] ?? 0
                    client.send(
                        HTTP2Client.frame(type, stream: type == 2 ? 3 : 0, [UInt8](repeating: 0, count: bytes)))
                }
            }
        }

        @Test("of window updates, of the connection and of a stream", arguments: [0, 1])
        func windowUpdates(stream: Int) async throws {
            try await Self.expectFault(.windowUpdates) { client in
                if stream > 0 { client.send(HTTP2Client.frame(1, flags: 4, stream: stream, client.block())) }
                for _ in 0..<1_100 { client.send(HTTP2Client.frame(8, stream: stream, [0, 0, 0, 1])) }
            }
        }

        /// CVE-2025-8671: a stream's request is made for nothing when it is the server that has to reset it.
        @Test("of streams that the peer makes us reset, whether it answers pings or not", arguments: [true, false])
        func streamErrors(answersPings: Bool) async throws {
            try await Self.expectFault(.streamErrors) { client in
                if !answersPings { client.holdPings() }
                // One that stays open, so that the connection does not end with the first fault.
                client.send(HTTP2Client.frame(1, flags: 4, stream: 1, client.block()))
                for stream in stride(from: 3, to: 600, by: 2) { Self.fail(client, stream: stream) }
            }
        }

        @Test(
            "of streams that the peer makes us reset, while their requests are handled: none is taken behind the first")
        func resetWhileHandled() async throws {
            let gate = Gate()
            defer { gate.open() }
            try await HTTP2ExchangeTests.run(answering: { _, _ in
                await gate.waitUntilCancelled()
                return HTTPAnswer(status: 200, body: [])
            }) { server, client, gauges in
                for stream in stride(from: 1, to: 100, by: 2) {
                    client.request(stream)
                    // Behind the request's end.
                    client.send(HTTP2Client.frame(0, stream: stream, [0x61]))
                }
                #expect(await client.isOver())
                #expect(server.handled.value == 1)
                #expect(gauges.http2FaultCounts[.protocolError, default: 0] > 0)
                #expect(await eventually { server.server.gauges.requestsInFlight == 0 })
            }
        }

        @Test("of streams that are only refused, behind one that the peer made us reset", arguments: [true, false])
        func refusedStreams(answersPings: Bool) async throws {
            try await Self.expectFault(.streamErrors) { client in
                if !answersPings { client.holdPings() }
                client.send(HTTP2Client.frame(1, flags: 4, stream: 1, client.block()))
                Self.fail(client, stream: 3)
                for stream in stride(from: 5, to: 305, by: 2) { client.request(stream) }
            }
        }

        @Test("and as many as may be open, behind a fault, are none: neighbours finish", arguments: [true, false])
        func onTheirWay(answersPings: Bool) async throws {
            let gate = Gate()
            defer { gate.open() }
            try await HTTP2ExchangeTests.run(answering: { request, _ in
                await gate.wait()
                return HTTPAnswer(status: 200, body: request.body)
            }) { server, client, gauges in
                if !answersPings { client.holdPings() }
                client.request(1, body: "neighbour")
                #expect(await eventually { server.handled.value == 1 })
                Self.fail(client, stream: 3)
                let late = Array(stride(from: 5, to: 205, by: 2))
                // Heads first, so that each body comes to a stream that was refused long ago.
                for stream in late {
                    client.send(HTTP2Client.frame(1, flags: 4, stream: stream, client.block()))
                }
                for stream in late { client.send(HTTP2Client.frame(0, flags: 1, stream: stream, [0x61])) }
                // REFUSED_STREAM: they may be sent again elsewhere.
                for stream in late { #expect(await client.resetCode(stream) == 7) }
                #expect(!client.isClosed)
                gate.open()
                #expect(await client.body(1) == "neighbour")
                client.answerPings()
                #expect(await client.isOver())
                #expect(server.handled.value == 1)
                #expect(gauges.http2FaultCounts == [.protocolError: 1])
            }
        }

        /// More of a body than its head said.
        private static func fail(_ client: HTTP2Client, stream: Int) {
            let head = client.block("/api/v1/intent", [("content-length", "1")])
            client.send(HTTP2Client.frame(1, flags: 4, stream: stream, head))
            client.send(HTTP2Client.frame(0, stream: stream, [0x61, 0x62]))
        }

        @Test("of bodies in crumbs")
        func smallFrames() async throws {
            try await Self.expectFault(.smallFrames) { client in
                client.send(HTTP2Client.frame(1, flags: 4, stream: 1, client.block()))
                for _ in 0..<1_100 { client.send(HTTP2Client.frame(0, stream: 1, [0x61])) }
            }
        }

        @Test("and what a client may do is no flood: many small bodies, one in small frames, frames of unknown types")
        func noFlood() async throws {
            try await HTTP2ExchangeTests.run { _, client, gauges in
                for index in 0..<1_500 {
                    client.request(index * 2 + 1, body: "x")
                    client.send(HTTP2Client.frame(0x42, stream: index % 2, [1, 2, 3]))
                    // As many as may be at the same time.
                    if index % 50 == 49 { #expect(await client.body(index * 2 + 1) == "x") }
                }
                client.send(HTTP2Client.frame(1, flags: 4, stream: 4_001, client.block()))
                for _ in 0..<900 { client.send(HTTP2Client.frame(0, stream: 4_001, Array("0123456789".utf8))) }
                client.send(HTTP2Client.frame(0, flags: 1, stream: 4_001))
                #expect(await client.body(4_001)?.utf8.count == 9_000)
                #expect(gauges.http2FaultCounts == [:])
            }
        }

        @Test("of CONTINUATION frames")
        func continuations() async throws {
            try await Self.expectFault(.continuations) { client in
                client.send(HTTP2Client.frame(1, stream: 1, client.block()))
                for _ in 0..<100 { client.send(HTTP2Client.frame(9, stream: 1, [])) }
            }
        }

        @Test("of header bytes, sent and unfolded")
        func headerBytes() async throws {
            try await Self.expectFault(.headerSize) { client in
                let long = String(repeating: "a", count: 15_000)
                client.send(HTTP2Client.frame(1, flags: 0, stream: 1, client.block("/", [("x", long)])))
                client.send(HTTP2Client.frame(9, flags: 0, stream: 1, client.block(["y": long])))
                client.send(HTTP2Client.frame(9, flags: 4, stream: 1, client.block(["z": long])))
            }
            try await Self.expectFault(.unreadable) { client in
                // Kept in the table once, named a thousand times.
                var headers: HPACKHeaders = [":method": "POST", ":scheme": "https", ":path": "/", ":authority": "a"]
                for _ in 0..<1000 { headers.add(name: "x-bomb", value: String(repeating: "b", count: 3000)) }
                client.send(HTTP2Client.frame(1, flags: 5, stream: 1, client.block(headers)))
            }
        }

        @Test("of empty DATA frames")
        func emptyFrames() async throws {
            try await Self.expectFault(.emptyFrames) { client in
                client.send(HTTP2Client.frame(1, flags: 4, stream: 1, client.block()))
                for _ in 0..<100 { client.send(HTTP2Client.frame(0, stream: 1)) }
            }
        }

        @Test("of streams at the same time: one more is refused, the others are answered")
        func streams() async throws {
            let gate = Gate()
            var http2 = HTTP2Limits()
            http2.streamsMax = 3
            try await HTTP2ExchangeTests.run(
                http2: http2,
                answering: { request, _ in
                    await gate.wait()
                    return HTTPAnswer(status: 200, body: request.body)
                }
            ) { server, client, _ in
                for stream in [1, 3, 5, 7] { client.request(stream, body: "\(stream)") }
                #expect(await eventually { server.handled.value == 3 })
                #expect(await eventually { client.frames.contains { $0.type == 3 || $0.type == 7 } })
                gate.open()
                for stream in [1, 3, 5] { #expect(await client.body(stream) == "\(stream)") }
                #expect(server.handled.value == 3)
            }
        }

        @Test("of bodies that are never whole: a connection's streams hold no more than it may")
        func heldBytes() async throws {
            var http2 = HTTP2Limits()
            http2.bufferedBytesMax = 40_000
            try await HTTP2ExchangeTests.run(http2: http2) { server, client, _ in
                let part = [UInt8](repeating: 0x61, count: 15_000)
                for stream in [1, 3, 5] {
                    client.send(HTTP2Client.frame(1, flags: 4, stream: stream, client.block()))
                    client.send(HTTP2Client.frame(0, stream: stream, part))
                }
                // ENHANCE_YOUR_CALM
                #expect(await client.resetCode(5) == 11)
                client.send(HTTP2Client.frame(0, flags: 1, stream: 1, part))
                #expect(await client.resetCode(1) == 11)
                client.send(HTTP2Client.frame(0, flags: 1, stream: 3, Array("end".utf8)))
                #expect(await client.body(3)?.utf8.count == 15_003)
            }
        }

        @Test("and bytes that are no frames end the connection")
        func garbage() async throws {
            try await HTTP2ExchangeTests.run { server, client, _ in
                var random = SplitMix64(seed: 7)
                client.send((0..<4000).map { _ in UInt8.random(in: 0...255, using: &random) })
                #expect(await client.isOver())
                let other = try await HTTP2Client(port: server.server.port)
                other.request(1, body: "on")
                #expect(await other.body(1) == "on")
            }
        }
    }
}
