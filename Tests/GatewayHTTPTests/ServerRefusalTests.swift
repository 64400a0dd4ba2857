import Testing

@testable import GatewayHTTP

extension SocketTests {
    @Suite("The listener refuses")
    struct ServerRefusalTests {
        /// What is sent, the status of its answer.
        static let smuggling: [(String, Int)] = [
            (request("Content-Length: 6", "Transfer-Encoding: chunked") + "0\r\n\r\nG", 400),
            (request("Transfer-Encoding: chunked", "Content-Length: 6") + "0\r\n\r\nG", 400),
            (request("Transfer-Encoding: xchunked") + "0\r\n\r\n", 501),
            (request("Transfer-Encoding: chunked", "Transfer-Encoding: x") + "0\r\n\r\n", 400),
            (request("Transfer-Encoding: x", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400),
            (request("Transfer-Encoding: chunked, identity") + "0\r\n\r\n", 501),
            (request("Transfer-Encoding : chunked") + "0\r\n\r\n", 400),
            (request(" Transfer-Encoding: chunked") + "0\r\n\r\n", 400),
            (request("X: a\n Transfer-Encoding: chunked") + "0\r\n\r\n", 400),
            (request("X: a\nTransfer-Encoding: chunked") + "0\r\n\r\n", 400),
            (request("X: a\rTransfer-Encoding: chunked") + "0\r\n\r\n", 400),
            (request("Transfer-Encoding:\u{B}chunked") + "0\r\n\r\n", 400),
            (request("Content-Length: 5", "Content-Length: 6") + "hello!", 400),
            (request("Content-Length: 5, 5") + "hello", 400),
            (request("Content-Length: +5") + "hello", 400),
            (request("Content-Length: 18446744073709551617") + "h", 400),
            (request("Transfer-Encoding: chunked") + "5;a=b\r\nhello\r\n0\r\n\r\n", 400),
            (request("Transfer-Encoding: chunked") + "5\nhello\n0\n\n", 400),
            (request("Transfer-Encoding: chunked") + "10000000000000005\r\nhello\r\n0\r\n\r\n", 413),
            (request("Transfer-Encoding: chunked") + "0\r\nHost: b\r\n\r\n", 400),
            ("POST /api/v1/intent HTTP/1.1\nHost: a\n\n", 400),
            ("POST /api/v1/intent HTTP/1.1\r\nHost: a\n\r\n\r\n", 400),
            ("\r\nPOST /api/v1/intent HTTP/1.1\r\nHost: a\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            ("POST /api/v1/intent HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ]

        @Test("S16 what smuggles a second request, and closes; nothing reaches the handler", arguments: smuggling)
        func smuggled(_ text: String, _ status: Int) async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect(timeoutMilliseconds: 3000)
                try socket.send(text + request("Content-Length: 8", "X-Smuggled: 1") + "smuggled")
                let answers = HTTPMessageReader(socket)
                let answer = try #require(try answers.next())
                #expect(answer.status == status && answer.headers["connection"] == "close")
                #expect(try answers.isClosedByPeer())
                #expect(server.handled.value == 0)
            })
        }

        @Test(
            "S16 a bare LF or CR as soon as it comes",
            arguments: ["POST / HTTP/1.1\nHost: a\n\n", "POST / HTTP/1.1\r\nHost: a\rX"])
        func bareLineEnd(_ text: String) async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect(timeoutMilliseconds: 3000)
                for byte in text.utf8 { socket.trySend([byte]) }
                let answers = HTTPMessageReader(socket)
                #expect(try answers.next()?.status == 400)
                #expect(try answers.isClosedByPeer())
            })
        }

        @Test("S18 a compressed body")
        func compressed() async throws {
            try await TestServer.run(during: { (server: TestServer) async throws in
                #expect(try server.status(of: request("Content-Encoding: gzip", "Content-Length: 3") + "abc") == 415)
                #expect(server.handled.value == 0 && server.refusals(.unsupportedEncoding) == 1)
            })
        }

        @Test(
            "a method that the path does not allow, names those it does, and goes on",
            arguments: ["GET", "PUT", "OPTIONS", "TRACE", "post"])
        func method(_ method: String) async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                try socket.send(request(method: method) + request())
                let answers = HTTPMessageReader(socket)
                let answer = try #require(try answers.next())
                #expect(
                    answer.status == 405 && answer.headers["allow"] == "POST"
                        && answer.body == "method_not_allowed route=0")
                #expect(try answers.next()?.status == 200)
            })
        }

        @Test("HEAD without a body, so that the next answer is not lost")
        func head() async throws {
            try await TestServer.run(during: { server in
                let socket = try server.connect()
                try socket.send(request(method: "HEAD") + request())
                let answers = HTTPMessageReader(socket)
                let answer = try #require(try answers.next(hasBody: false))
                #expect(
                    answer.status == 405 && answer.headers["allow"] == "POST" && answer.headers["content-length"] != "0"
                )
                let next = try answers.next()
                #expect(next?.status == 200)
            })
        }

        @Test(
            "S14 a path that is not byte for byte one of the table",
            arguments: [
                ("/api/v1/intent/", 404), ("/api//v1/intent", 400), ("/api/v1/../v1/intent", 400),
                ("/api/v1%2fintent", 400),
                ("/api/v1/intent;x", 400), ("/api/v1/intent?x", 400), ("/api/v1/intent#x", 400),
                ("http://gateway/api/v1/intent", 400),
                ("/api\\v1\\intent", 400), ("/api/v1/int\u{E4}nt", 400), ("*", 400),
            ])
        func path(_ target: String, _ status: Int) async throws {
            try await TestServer.run(during: { (server: TestServer) async throws in
                #expect(try server.status(of: request(target: target)) == status)
                #expect(server.handled.value == 0)
            })
        }

        @Test(
            "a body that is too large, declared or chunked, and its answer is not lost to a reset",
            arguments: [true, false])
        func bodyTooLarge(declared: Bool) async throws {
            var limits = HTTPLimits()
            limits.bodyBytesMax = 1000
            try await TestServer.run(
                limits: limits,
                during: { server in
                    let socket = try server.connect()
                    let body = [UInt8](repeating: 0x61, count: 4_000_000)
                    try socket.send(request(declared ? "Content-Length: 4000000" : "Transfer-Encoding: chunked"))
                    if !declared { try socket.send("3d0900\r\n") }
                    // The client goes on to send all of it before it reads.
                    #expect(socket.trySend(body) == body.count)
                    let answers = HTTPMessageReader(socket)
                    let answer = try #require(try answers.next())
                    #expect(answer.status == 413 && answer.headers["connection"] == "close")
                    socket.finishSending()
                    #expect(try answers.isClosedByPeer())
                })
        }

        @Test("a declared body that is too large without asking for it")
        func noContinue() async throws {
            var limits = HTTPLimits()
            limits.bodyBytesMax = 10
            try await TestServer.run(
                limits: limits,
                during: { (server: TestServer) async throws in
                    #expect(try server.status(of: request("Content-Length: 11", "Expect: 100-continue")) == 413)
                })
        }

        @Test("S17 a head of too many bytes or lines, as soon as it is one")
        func headerBomb() async throws {
            var limits = HTTPLimits()
            limits.headerBytesMax = 1000
            limits.headersMax = 10
            try await TestServer.run(
                limits: limits,
                during: { (server: TestServer) async throws in
                    #expect(
                        try server.status(
                            of: "POST /api/v1/intent HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 1000))
                            == 431)
                    #expect(try server.status(of: String(repeating: "A", count: 1001)) == 431)
                    let nine = String(repeating: "X: 1\r\n", count: 9)
                    #expect(try server.status(of: "POST /api/v1/intent HTTP/1.1\r\nHost: a\r\n\(nine)\r\n") == 200)
                    #expect(
                        try server.status(of: "POST /api/v1/intent HTTP/1.1\r\nHost: a\r\n\(nine)Y: 1\r\n\r\n") == 431)
                    #expect(server.refusals(.headTooLarge) == 3)
                })
        }
    }
}
