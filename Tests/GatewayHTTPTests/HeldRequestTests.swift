import Testing

@testable import GatewayHTTP

extension SocketTests {
    /// Pitfall S17: bodies that are never whole fill no memory, over one protocol or the other.
    @Suite("What a listener holds of requests")
    struct HeldRequestTests {
        private static let part = [UInt8](repeating: 0x61, count: 500_000)

        /// One peer may hold 1 MiB, all of them 4 MiB.
        private static var limits: HTTPLimits {
            var limits = HTTPLimits()
            limits.bufferedBytesMax = 4 << 20
            return limits
        }

        private static func begin(_ head: String, at server: TestServer, from address: String) throws -> RawSocket {
            let socket = try RawSocket(port: server.server.port, from: address)
            try socket.send(Array(head.utf8) + part)
            return socket
        }

        @Test(
            "over HTTP/1.1: a peer that holds too much is answered 503, its neighbours are served, and it may go on later",
            arguments: ["Content-Length: 600000", "Transfer-Encoding: chunked"])
        func overHTTP1(length: String) async throws {
            let head = request(length) + (length.hasPrefix("T") ? "927c0\r\n" : "")
            try await TestServer.run(limits: Self.limits, answering: TestServer.echo) { server in
                let gauges = server.server.gauges
                let held = try (0..<2).map { _ in try Self.begin(head, at: server, from: "127.0.0.1") }
                #expect(await eventually { gauges.bufferedBytes >= 2 * 448 << 10 })
                let third = try Self.begin(head, at: server, from: "127.0.0.1")
                let refused = try #require(try HTTPMessageReader(third).next())
                #expect(refused.status == 503 && refused.body == "overloaded route=none")
                #expect(server.refusals(.overloaded) == 1)
                // Ordinary requests of the same peer, and large ones of others.
                #expect(try server.status(of: request("Content-Length: 2") + "hi") == 200)
                let other = try Self.begin(head, at: server, from: "127.0.0.2")
                let rest = [UInt8](repeating: 0x62, count: 100_000)
                for socket in [other] + held {
                    try socket.send(rest + Array((length.hasPrefix("T") ? "\r\n0\r\n\r\n" : "").utf8))
                    let answer = try #require(try HTTPMessageReader(socket).next())
                    #expect(answer.status == 200 && answer.body.utf8.count == 600_000)
                }
                #expect(await eventually { gauges.bufferedBytes == 0 })
            }
        }

        @Test("over HTTP/2: so is a peer with many connections, and what they held is free with their end")
        func overHTTP2() async throws {
            try await HTTP2ExchangeTests.run(limits: Self.limits) { server, first, _ in
                let gauges = server.server.gauges
                let second = try await HTTP2Client(port: server.server.port)
                for client in [first, second] { await Self.begin(client) }
                #expect(await eventually { gauges.bufferedBytes >= 2 * 448 << 10 })
                let third = try await HTTP2Client(port: server.server.port)
                await Self.begin(third)
                #expect(await third.body(1) == "overloaded route=none")
                #expect(server.refusals(.overloaded) == 1)
                third.request(3, body: "small")
                #expect(await third.body(3) == "small")
                // One goes on to its end, one only ends.
                for stream in [0, 1] { first.send(HTTP2Client.frame(8, stream: stream, [0, 0x10, 0, 0])) }
                first.send(HTTP2Client.frame(0, flags: 1, stream: 1, Array("end".utf8)))
                #expect(await first.body(1)?.utf8.count == Self.part.count + 3)
                second.send(HTTP2Client.frame(3, stream: 1, [0, 0, 0, 8]))
                #expect(await eventually { gauges.bufferedBytes == 0 })
            }
        }

        /// Sends the part as the windows of the listener allow, or until it has an answer.
        private static func begin(_ client: HTTP2Client) async {
            client.send(HTTP2Client.frame(1, flags: 4, stream: 1, client.block()))
            for start in stride(from: 0, to: part.count, by: 16_000) {
                let end = min(start + 16_000, part.count)
                let isOpen = await eventually {
                    let frames = client.frames
                    return frames.contains { $0.type <= 1 }
                        || [0, 1].allSatisfy { frames.window(ofStream: $0) >= end }
                }
                guard isOpen, !client.frames.contains(where: { $0.type <= 1 }) else { return }
                client.send(HTTP2Client.frame(0, stream: 1, Array(part[start..<end])))
            }
        }

        @Test("and answers that nobody takes: beyond what a peer may hold their streams are reset")
        func untakenAnswers() async throws {
            let answer = [UInt8](repeating: 0x62, count: 300_000)
            try await HTTP2ExchangeTests.run(
                limits: Self.limits, answering: { _, _ in HTTPAnswer(status: 200, body: answer) }
            ) { server, client, _ in
                // No window is opened beyond the first 65,535 bytes.
                for stream in [1, 3, 5, 7, 9] { client.request(stream) }
                let resets = { client.frames.filter { $0.type == 3 } }
                #expect(await eventually { resets().count == 2 })
                #expect(resets().allSatisfy { $0.payload.last == 11 })
                #expect(server.server.gauges.bufferedBytes <= 1 << 20 && server.refusals(.overloaded) == 2)
            }
        }
    }
}

extension [HTTP2Client.Frame] {
    /// How many bytes of bodies the peer takes on a stream, or on the connection (0), since its beginning.
    fileprivate func window(ofStream stream: Int) -> Int {
        filter { $0.type == 8 && $0.stream == stream }
            .reduce(65_535) { $0 + $1.payload.reduce(0) { $0 << 8 | Int($1) } }
    }
}
