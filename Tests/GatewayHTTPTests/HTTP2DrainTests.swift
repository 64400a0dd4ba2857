import Synchronization
import Testing

@testable import GatewayHTTP

extension SocketTests {
    /// Pitfall S18's other side: what a client sent before it knew of the end.
    @Suite("Connections over HTTP/2 that end while requests run", .serialized)
    struct HTTP2DrainTests {
        /// How often each body was handled.
        private final class Handled: Sendable {
            private let counts = Mutex<[String: Int]>([:])

            func add(_ body: [UInt8]) { counts.withLock { $0[String(decoding: body, as: UTF8.self), default: 0] += 1 } }

            var all: [String: Int] { counts.withLock { $0 } }
        }

        @Test("a stream on its way is served; one behind the last that was named is not processed, and harms no other")
        func lateStreams() async throws {
            let gate = Gate()
            let handled = Handled()
            try await HTTP2ExchangeTests.run(answering: { request, _ in
                handled.add(request.body)
                await gate.wait()
                return HTTPAnswer(status: 200, body: request.body)
            }) { server, client, _ in
                client.holdPings()
                for stream in [1, 3, 5] { client.request(stream, body: "\(stream)") }
                #expect(await eventually { server.server.gauges.requestsInFlight == 3 })
                let drain = Task { await server.server.drain(withinMilliseconds: 10_000) }
                #expect(await eventually { client.lastStreamsNamed == [0x7FFF_FFFF] })
                // The client has not read that yet.
                client.request(7, body: "7")
                #expect(await eventually { server.server.gauges.requestsInFlight == 4 })
                client.answerPings()
                #expect(await eventually { client.lastStreamsNamed == [0x7FFF_FFFF, 7] })
                for stream in [9, 11] { client.request(stream, body: "\(stream)") }
                gate.open()
                for stream in [1, 3, 5, 7] { #expect(await client.body(stream) == "\(stream)") }
                #expect(await client.isOver())
                await drain.value
                #expect(handled.all == ["1": 1, "3": 1, "5": 1, "7": 1])
                // Behind the last stream that was named a client may try again elsewhere, and where a reset comes it must say so too.
                let late = client.frames.filter { $0.stream > 7 }
                #expect(late.allSatisfy { $0.type == 3 && $0.payload.last == 7 }, "\(late)")
                #expect(client.lastStreamsNamed.dropFirst().allSatisfy { $0 == 7 })
            }
        }

        @Test("streams without end behind the last that was named end the connection")
        func endlessStreams() async throws {
            let gate = Gate()
            defer { gate.open() }
            try await HTTP2ExchangeTests.run(answering: { _, _ in
                await gate.waitUntilCancelled()
                return HTTPAnswer(status: 200, body: [])
            }) { server, client, gauges in
                client.request(1)
                #expect(await eventually { server.handled.value == 1 })
                server.server.sendClientsAway(true)
                #expect(await eventually { client.lastStreamsNamed == [0x7FFF_FFFF, 1] })
                for stream in stride(from: 3, to: 303, by: 2) { client.request(stream) }
                #expect(await client.isOver())
                #expect(server.handled.value == 1)
                #expect(gauges.http2FaultCounts == [.streamErrors: 1])
            }
        }

        @Test("a node that sends its clients away loses no POST of theirs and answers none twice")
        func away() async throws {
            let handled = Handled()
            let tls = try TLSFixture.listener(offersHTTP2: true)
            try await TestServer.run(
                tls: tls,
                answering: { request, _ in
                    handled.add(request.body)
                    // Answers overtake each other and the end of their connection.
                    for _ in 0..<Int(request.body.last ?? 0) % 7 * 20 { await Task.yield() }
                    return HTTPAnswer(status: 200, body: request.body)
                }
            ) { server in
                let port = server.server.port
                let turning = Task {
                    var isAway = false
                    while !Task.isCancelled {
                        isAway.toggle()
                        server.server.sendClientsAway(isAway)
                        try? await Task.sleep(for: .milliseconds(5))
                    }
                    server.server.sendClientsAway(false)
                }
                var used = 0
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for number in 0..<4 { group.addTask { try await Self.post(100, as: number, port: port) } }
                    for try await connections in group { used += connections }
                }
                turning.cancel()
                await turning.value
                #expect(handled.all.count == 400)
                #expect(handled.all.values.allSatisfy { $0 == 1 }, "\(handled.all.filter { $0.value != 1 })")
                // It did send them away.
                #expect(used > 8)
            }
        }

        private struct HTTP2DrainFault: Error {}

        /// Sends so many POSTs, ten at a time over one connection, and again those that the connection's end refused.
        ///
        /// - Returns: how many connections it took.
        private static func post(_ count: Int, as client: Int, port: Int) async throws -> Int {
            var waiting = (0..<count).map { "client \(client), request \($0)" }
            var connections = 0
            while !waiting.isEmpty {
                connections += 1
                // One that has said nothing yet may be ended too.
                guard let connection = try? await HTTP2Client(port: port) else {
                    guard connections < 10_000 else { throw HTTP2DrainFault() }
                    continue
                }
                var stream = 1
                while !waiting.isEmpty, connection.lastStreamsNamed.isEmpty, !connection.isClosed {
                    let sent = Array(waiting.prefix(10))
                    waiting.removeFirst(sent.count)
                    let first = stream
                    for body in sent {
                        connection.request(stream, body: body)
                        stream += 2
                    }
                    for (place, body) in sent.enumerated() {
                        let id = first + 2 * place
                        let isRefused = {
                            connection.lastStreamsNamed.contains { $0 < id }
                                || connection.frames.contains {
                                    $0.stream == id && $0.type == 3 && $0.payload.last == 7
                                }
                        }
                        let isAnswered = {
                            connection.frames.contains { $0.stream == id && $0.type <= 1 && $0.flags & 1 == 1 }
                        }
                        #expect(await eventually { isAnswered() || isRefused() || connection.isClosed }, "\(body)")
                        if isAnswered() {
                            #expect(await connection.body(id) == body)
                        } else {
                            // Neither answered nor refused would be lost: nobody could tell whether it was processed.
                            #expect(isRefused(), "\(body) on stream \(id), named \(connection.lastStreamsNamed)")
                            waiting.append(body)
                        }
                    }
                }
            }
            return connections
        }
    }
}
