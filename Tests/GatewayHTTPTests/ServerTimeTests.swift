import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("The listener's limits on time and connections")
    struct ServerTimeTests {
        private static var short: HTTPLimits {
            var limits = HTTPLimits()
            limits.headerTimeoutMilliseconds = 150
            limits.requestTimeoutMilliseconds = 300
            limits.idleTimeoutMilliseconds = 200
            return limits
        }

        @Test(
            "S17 a request that does not arrive in time is answered 408 and closed",
            arguments: [
                "P", "POST /api/v1/intent HTTP/1.1\r\nHost: a\r\n", request("Content-Length: 5") + "hell",
                request("Transfer-Encoding: chunked"), request("Transfer-Encoding: chunked") + "5\r\nhell",
            ])
        func slowRequest(_ text: String) async throws {
            try await TestServer.run(
                limits: Self.short,
                during: { server in
                    let socket = try server.connect()
                    try socket.send(text)
                    let answers = HTTPMessageReader(socket)
                    #expect(try answers.next()?.status == 408)
                    #expect(try answers.isClosedByPeer())
                    #expect(server.handled.value == 0 && server.refusals(.timeout) == 1)
                })
        }

        @Test("S17 bytes that trickle in do not move the end of a request's time")
        func trickle() async throws {
            try await TestServer.run(
                limits: Self.short,
                during: { server in
                    let socket = try server.connect()
                    let text = request("X-Long: " + String(repeating: "a", count: 10_000))
                    // The first byte goes out here: a sender that starts late would meet the idle time-out instead.
                    try socket.send(String(text.prefix(1)))
                    let sender = Task.detached {
                        for byte in text.utf8.dropFirst() {
                            guard socket.trySend([byte]) == 1 else { return }
                            try? await Task.sleep(for: .milliseconds(5))
                        }
                    }
                    #expect(try HTTPMessageReader(socket).next()?.status == 408)
                    sender.cancel()
                    await sender.value
                })
        }

        @Test("S17 an idle connection is closed without a word, before and behind a request")
        func idle() async throws {
            try await TestServer.run(
                limits: Self.short,
                during: { server in
                    #expect(try server.connect().isClosedByPeer())
                    let socket = try server.connect()
                    try socket.send(request())
                    let answers = HTTPMessageReader(socket)
                    #expect(try answers.next()?.status == 200)
                    #expect(try answers.isClosedByPeer())
                })
        }

        @Test("a handler may take longer than any of them")
        func slowHandler() async throws {
            let gate = Gate()
            try await TestServer.run(limits: Self.short) { _, _ in
                await gate.wait()
                return HTTPAnswer(status: 200, body: [])
            } during: { server in
                let socket = try server.connect()
                try socket.send(request())
                // An idle connection that came later goes through its whole time first.
                #expect(try server.connect().isClosedByPeer())
                gate.open()
                #expect(try HTTPMessageReader(socket).next()?.status == 200)
            }
        }

        @Test("S17 one connection more than may be is closed, the others live, and a place is free again afterwards")
        func connectionLimit() async throws {
            var limits = HTTPLimits()
            limits.connectionsMax = 2
            try await TestServer.run(
                limits: limits,
                during: { server in
                    do {
                        let first = try server.connect()
                        let second = try server.connect()
                        for socket in [first, second] {
                            try socket.send(request())
                            #expect(try HTTPMessageReader(socket).next()?.status == 200)
                        }
                        for _ in 0..<5 { #expect(try server.connect().isClosedByPeer()) }
                        #expect(server.server.gauges.openConnections == 2)
                        try first.send(request())
                        #expect(try HTTPMessageReader(first).next()?.status == 200)
                    }
                    #expect(await eventually { server.server.gauges.openConnections == 0 })
                    #expect(try server.status(of: request()) == 200)
                })
        }
    }
}
