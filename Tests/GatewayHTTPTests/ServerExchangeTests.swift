import NIOCore
import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("The listener")
    struct ServerExchangeTests {
        @Test("answers request after request over one connection and hands the handler what came")
        func keepAlive() async throws {
            try await TestServer.run { request, connection in
                let token = request.authorization.map { String(decoding: $0, as: UTF8.self) } ?? "none"
                let text = "\(request.route.parameters) \(token) \(connection.remoteAddress.hasPrefix("127.0.0.1:"))"
                return HTTPAnswer(status: 201, headerLines: Array("x-own: 1\r\n".utf8), body: Array(text.utf8))
            } during: { server in
                let socket = try server.connect()
                let answers = HTTPMessageReader(socket)
                for number in 1...3 {
                    try socket.send(
                        request(
                            "Authorization: t\(number)", method: "PUT", target: "/api/v1/agents/a/instances/\(number)"))
                    let answer = try #require(try answers.next())
                    #expect(answer.firstLine == "HTTP/1.1 201 Created")
                    #expect(answer.body == "[\"a\", \"\(number)\"] t\(number) true")
                    #expect(answer.headers["x-own"] == "1" && answer.headers["connection"] == nil)
                }
                #expect(server.server.gauges.openConnections == 1)
            }
        }

        @Test("reads a request the same in two pieces split anywhere", .timeLimit(.minutes(1)))
        func splitAnywhere() async throws {
            let bodies = [
                request("Content-Length: 7") + "{\"a\":1}",
                request("Transfer-Encoding: chunked") + "3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
            ]
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                let answers = HTTPMessageReader(socket)
                for text in bodies.map({ Array($0.utf8) }) {
                    for split in 1..<text.count {
                        try socket.send(Array(text[..<split]))
                        try socket.send(Array(text[split...]))
                        let answer = try #require(try answers.next())
                        #expect(answer.status == 200 && answer.body == "{\"a\":1}", "split at \(split)")
                    }
                }
            })
        }

        @Test("reads a request that comes byte by byte")
        func byteByByte() async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                for byte in (request("Transfer-Encoding: chunked") + "3\r\nabc\r\n0\r\n\r\n").utf8 {
                    try socket.send([byte])
                }
                #expect(try HTTPMessageReader(socket).next()?.body == "abc")
            })
        }

        @Test("answers Expect: 100-continue once before the body, and not when the body is there already")
        func expectContinue() async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                let answers = HTTPMessageReader(socket)
                for (line, body) in [
                    ("Content-Length: 3", "abc"), ("Transfer-Encoding: chunked", "3\r\nabc\r\n0\r\n\r\n"),
                ] {
                    try socket.send(request(line, "Expect: 100-continue"))
                    #expect(try answers.next()?.status == 100)
                    try socket.send(body)
                    #expect(try answers.next()?.body == "abc")
                    try socket.send(request(line, "Expect: 100-continue") + body)
                    #expect(try answers.next()?.status == 200)
                }
            })
        }

        @Test("asks for the body of a pipelined request only behind the answer before it")
        func continueInOrder() async throws {
            let gate = Gate()
            try await TestServer.run { request, connection in
                if request.body == Array("one".utf8) { await gate.wait() }
                return HTTPAnswer(status: 200, body: request.body)
            } during: { server in
                let socket = try server.connect()
                try socket.send(
                    request("Content-Length: 3") + "one" + request("Content-Length: 3", "Expect: 100-continue"))
                #expect(await eventually { server.handled.value == 1 })
                gate.open()
                let answers = HTTPMessageReader(socket)
                #expect(try answers.next()?.body == "one")
                #expect(try answers.next()?.status == 100)
                try socket.send("two")
                #expect(try answers.next()?.body == "two")
            }
        }

        @Test(
            "ends the connection behind its answer when asked to, and for HTTP/1.0",
            arguments: [
                request("Connection: close", "Content-Length: 1") + "x",
                "POST /api/v1/intent HTTP/1.0\r\nContent-Length: 1\r\n\r\nx",
                "POST /api/v1/intent HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx",
            ])
        func closes(_ text: String) async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                try socket.send(text + request())
                let answers = HTTPMessageReader(socket)
                let answer = try #require(try answers.next())
                #expect(answer.body == "x" && answer.headers["connection"] == "close")
                #expect(try answers.isClosedByPeer())
                #expect(server.handled.value == 1)
            })
        }

        @Test("gives an answer of 4 MB whole to a reader that takes its time")
        func largeAnswer() async throws {
            let body = [UInt8](repeating: 0x61, count: 4 << 20)
            try await TestServer.run { _, _ in
                HTTPAnswer(status: 200, body: body)
            } during: { server in
                let socket = try server.connect(receiveBufferBytes: 4096)
                try socket.send(request() + request())
                let answers = HTTPMessageReader(socket)
                #expect(try answers.next()?.body.utf8.count == body.count)
                #expect(try answers.next()?.body.utf8.count == body.count)
            }
        }

        @Test("cancels the handler when its caller goes away", arguments: [true, false])
        func cancels(byReset: Bool) async throws {
            let gate = Gate()
            let cancelled = Counter()
            try await TestServer.run { _, _ in
                await withTaskCancellationHandler {
                    await gate.wait()
                } onCancel: {
                    cancelled.add()
                    gate.open()
                }
                return HTTPAnswer(status: 200, body: [])
            } during: { server in
                do {
                    let socket = try server.connect()
                    if byReset { socket.resetAtEnd() }
                    try socket.send(request())
                    #expect(await eventually { server.handled.value == 1 })
                    #expect(server.server.gauges.requestsInFlight == 1)
                }
                #expect(await eventually { cancelled.value == 1 && server.server.gauges.requestsInFlight == 0 })
                #expect(await eventually { server.server.gauges.openConnections == 0 })
            }
        }

        @Test("writes a caller's address in one form")
        func remoteAddress() throws {
            #expect(try SocketAddress(ipAddress: "203.0.113.7", port: 51334).peerText == "203.0.113.7:51334")
            #expect(try SocketAddress(ipAddress: "2001:db8::7", port: 1).peerText == "[2001:db8::7]:1")
            #expect(try SocketAddress(ipAddress: "::ffff:203.0.113.7", port: 2).peerText == "203.0.113.7:2")
        }
    }
}
