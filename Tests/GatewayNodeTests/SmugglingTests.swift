import Foundation
import Testing

/// Requests that two parsers could read differently (S14, S15, S16, S18): refused, and no worker sees anything.
@Suite("Ambiguous requests at the socket")
struct SmugglingTests {
    /// Lines of a request's head after the request line, a body, and what comes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var target = "/api/v1/intent"
        var method = "POST"
        var lines: [String] = []
        var status = 400
        /// Left out, the Content-Length line of an ordinary request stands.
        var framing: [String]?
        var body: String?
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "S14 a query", target: "/api/v1/intent?x"),
        Case(name: "S14 an empty segment", target: "//intent"),
        Case(name: "S14 another letter case", target: "/API/v1/intent", status: 404),
        Case(name: "S14 an escaped slash", target: "/api%2Fv1/intent"),
        Case(name: "S14 an escaped letter", target: "/%69ntent"),
        Case(name: "S14 a dot segment", target: "/api/v1/../v1/intent"),
        Case(name: "S14 a path parameter", target: "/intent;x=1"),
        Case(name: "S14 a fragment", target: "/intent#x"),
        Case(name: "S14 a backslash", target: #"/api\v1/intent"#),
        Case(name: "S14 a slash at the end", target: "/api/v1/intent/", status: 404),
        Case(name: "S14 the absolute form", target: "http://127.0.0.1/api/v1/intent"),
        Case(name: "S14 the authority form", target: "127.0.0.1:80"),
        Case(name: "S14 the asterisk form", target: "*"),
        Case(name: "S15 two Authorization headers", lines: ["Authorization: Bearer abc"]),
        Case(name: "S15 two Host headers", lines: ["Host: y"]),
        Case(name: "S15 two traceparents", lines: ["traceparent: a", "traceparent: b"]),
        Case(name: "S15 a byte above ASCII", lines: ["X-Name: caf\u{e9}"]),
        Case(name: "S15 a control byte", lines: ["X-Name: a\u{1}b"]),
        Case(name: "S16 Transfer-Encoding beside Content-Length", lines: ["Transfer-Encoding: chunked"]),
        Case(name: "S16 two Content-Lengths", lines: ["Content-Length: 3"]),
        Case(name: "S16 a list of lengths", framing: ["Content-Length: 3, 3"], body: "abc"),
        Case(name: "S16 a signed length", framing: ["Content-Length: +3"], body: "abc"),
        Case(name: "S16 an obs-fold", lines: ["X-Name: a", " b"]),
        Case(name: "S16 a space before the colon", lines: ["X-Name : a"]),
        Case(name: "S16 a bare CR", lines: ["X-Name: a\rb"]),
        Case(name: "S16 a bare LF", lines: ["X-Name: a\nX-Other: b"]),
        Case(name: "S16 a chunk extension", framing: ["Transfer-Encoding: chunked"], body: "3;x=1\r\nabc\r\n0\r\n\r\n"),
        Case(
            name: "S16 a chunk size of another kind", framing: ["Transfer-Encoding: chunked"],
            body: "0x3\r\nabc\r\n0\r\n\r\n"),
        Case(
            name: "S16 chunked twice", status: 501, framing: ["Transfer-Encoding: chunked, chunked"],
            body: "0\r\n\r\n"),
        Case(name: "S16 another transfer encoding", status: 501, framing: ["Transfer-Encoding: gzip"], body: ""),
        Case(name: "S18 a compressed body", lines: ["Content-Encoding: gzip"], status: 415),
        Case(name: "S17 too many headers", lines: (0..<80).map { "X-\($0): a" }, status: 431),
        Case(
            name: "S17 a head that is too large", lines: ["X-Name: " + String(repeating: "a", count: 40_000)],
            status: 431),
    ]

    @Test("is refused before any stage, and the connection ends", arguments: cases)
    func refusal(_ example: Case) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let body = example.body ?? Envelope.bare()
        var lines = [
            "\(example.method) \(example.target) HTTP/1.1", "Host: x", "Authorization: Bearer \(try TestNode.token())",
        ]
        lines += example.framing ?? ["Content-Length: \(body.utf8.count)"]
        lines += example.lines
        let text = lines.joined(separator: "\r\n") + "\r\n\r\n" + body
        // One byte a character, so that a test can send bytes that are no UTF-8.
        try client.send(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
        let reply = try client.receive()
        #expect(reply.status == example.status, "\(reply)")
        #expect(reply.code == (example.status == 431 ? "PAYLOAD_TOO_LARGE" : "PROTOCOL_ERROR"), "\(reply)")
        #expect(reply.isRetryable == false, "\(reply)")
        #expect(reply.headers["connection"] == "close", "\(reply)")
        #expect(try client.isClosedByPeer())
        #expect(worker.requests.isEmpty)
        #expect(try SocketClient(port: node.port).post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await node.stop()
    }

    @Test(
        "other methods are 405 and told what is allowed",
        arguments: ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "FOO"])
    func otherMethods(method: String) async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let reply = try client.request(method, "/api/v1/intent", token: try TestNode.token())
        #expect(reply.status == 405, "\(reply)")
        #expect(reply.headers["allow"] == "POST")
        #expect(reply.code == "PROTOCOL_ERROR")
        #expect(worker.requests.isEmpty)
        // A request without a body was read to its end: the connection goes on.
        #expect(try client.post(Envelope.bare(), token: try TestNode.token()).status == 200)
        await node.stop()
    }

    @Test("HEAD is 405 without a body, so that the next answer is read from its beginning")
    func head() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let client = try SocketClient(port: node.port)
        let body = Envelope.bare()
        try client.send(
            "HEAD /api/v1/intent HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        var bytes: [UInt8] = []
        while let chunk = try client.receiveSome() { bytes += chunk }
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 405 "), "\(text)")
        #expect(text.lowercased().contains("allow: post"))
        #expect(text.hasSuffix("\r\n\r\n"), "\(text)")
        #expect(worker.requests.isEmpty)
        #expect(try SocketClient(port: node.port).post(body, token: try TestNode.token()).status == 200)
        await node.stop()
    }

    @Test("S16 the request to the worker is written anew: no header of the caller's goes along")
    func headersAreNotForwarded() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker, extra: "mesh: { untrustedForwarding: ignore }")
        let headers = [
            "Cookie: secret=1", "X-Forwarded-For: 10.0.0.1", "X-Made-Up: made-up", "Connection: X-Made-Up, keep-alive",
            "X-Forwarded-Client-Cert: URI=spiffe://evil/x", "TE: trailers", "Upgrade: h2c", "Expect: 100-continue",
        ]
        let reply = try SocketClient(port: node.port).post(
            Envelope.bare(), token: try TestNode.token(), headers: headers)
        #expect(reply.status == 200, "\(reply)")
        let head = try #require(worker.requests.first).head.lowercased()
        #expect(head.hasPrefix("post /execute-agent http/1.1\r\n"))
        for name in ["cookie", "x-forwarded", "made-up", "te:", "upgrade", "expect", "authorization", "bearer"] {
            #expect(!head.contains(name), "\(head)")
        }
        await node.stop()
    }

    @Test("pipelined requests are answered in order, and a smuggled one behind a refused one is not read")
    func pipelining() async throws {
        let worker = try ScriptedWorker()
        defer { worker.stop() }
        let node = try await TestNode.inFront(of: worker)
        let token = try TestNode.token()
        let good = DrainTests.request(Envelope.bare(), token)
        let client = try SocketClient(port: node.port)
        try client.send(
            good + good
                + "POST /api/v1/intent HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"
                + good)
        #expect(try client.receive().status == 200)
        #expect(try client.receive().status == 200)
        #expect(try client.receive().status == 400)
        #expect(try client.isClosedByPeer())
        #expect(worker.requests.count == 2)
        await node.stop()
    }
}
