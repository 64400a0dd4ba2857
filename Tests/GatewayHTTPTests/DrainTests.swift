import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("Draining")
    struct DrainTests {
        @Test("finishes the running request, closes idle connections and refuses new ones")
        func graceful() async throws {
            let gate = Gate()
            try await TestServer.run { request, connection in
                if request.body == Array("slow".utf8) { await gate.wait() }
                return HTTPAnswer(status: 200, body: request.body)
            } during: { server in
                // One on each of the two loops.
                let idle = try (0..<2).map { _ in HTTPMessageReader(try server.connect()) }
                for answers in idle {
                    try answers.socket.send(request())
                    #expect(try answers.next()?.status == 200)
                }
                let busy = try server.connect()
                try busy.send(request("Content-Length: 4") + "slow")
                let begun = try server.connect()
                try begun.send(request("Content-Length: 5") + "be")
                #expect(await eventually { server.handled.value == 3 && server.server.gauges.openConnections == 4 })
                let drain = Task { await server.server.drain(withinMilliseconds: 10_000) }
                for answers in idle { #expect(try answers.isClosedByPeer()) }
                #expect((try? server.connect().isClosedByPeer()) ?? true)
                try begun.send("gun")
                for (socket, body) in [(begun, "begun"), (busy, "slow")] {
                    if body == "slow" { gate.open() }
                    let answers = HTTPMessageReader(socket)
                    let answer = try #require(try answers.next())
                    #expect(answer.body == body && answer.headers["connection"] == "close")
                    socket.finishSending()
                    #expect(try answers.isClosedByPeer())
                }
                await drain.value
                #expect(server.server.gauges.openConnections == 0)
            }
        }

        @Test("closes what is stuck when the time is over, and cancels its handler")
        func forced() async throws {
            let gate = Gate()
            try await TestServer.run { _, _ in
                await gate.waitUntilCancelled()
                return HTTPAnswer(status: 200, body: [])
            } during: { server in
                let stuck = try server.connect()
                try stuck.send(request())
                let half = try server.connect()
                try half.send("POST /")
                #expect(await eventually { server.handled.value == 1 && server.server.gauges.openConnections == 2 })
                await server.server.drain(withinMilliseconds: 100)
                #expect(try stuck.isClosedByPeer())
                #expect(try half.isClosedByPeer())
            }
        }

        @Test("waits for a slow reader to take the answer that it has begun", arguments: [true, false])
        func slowReader(asked: Bool) async throws {
            let body = [UInt8](repeating: 0x61, count: 8 << 20)
            try await TestServer.run { _, _ in
                HTTPAnswer(status: 200, body: body)
            } during: { server in
                let socket = try server.connect(receiveBufferBytes: 4096)
                try socket.send(request(asked ? "Connection: close" : "X: 1"))
                #expect(await eventually { server.handled.value == 1 && server.server.gauges.requestsInFlight == 0 })
                let drain = Task { await server.server.drain(withinMilliseconds: 20_000) }
                #expect(await eventually { (try? server.connect()) == nil })
                #expect(try HTTPMessageReader(socket).next()?.body.utf8.count == body.count)
                socket.finishSending()
                await drain.value
            }
        }

        @Test("ends at once when its own task is cancelled")
        func cancelled() async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                try socket.send("POST /")
                #expect(await eventually { server.server.gauges.openConnections == 1 })
                let drain = Task { await server.server.drain(withinMilliseconds: 60_000) }
                drain.cancel()
                await drain.value
                #expect(try socket.isClosedByPeer())
            })
        }
    }
}
