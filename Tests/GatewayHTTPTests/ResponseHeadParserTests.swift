import Testing

@testable import GatewayHTTP

@Suite("The answer head's parser")
struct ResponseHeadParserTests {
    @Test("reads how the body is delimited")
    func bodyLength() throws {
        func length(_ lines: String, status: String = "200 OK") throws -> ResponseHead.BodyLength {
            try parseAnswer("HTTP/1.1 \(status)\r\n\(lines)\r\n").get().bodyLength
        }
        #expect(try length("Content-Length: 12\r\n") == .exactly(12))
        #expect(try length("transfer-encoding: Chunked\r\n") == .chunked)
        #expect(try length("") == .untilClose)
        #expect(try length("", status: "204 No Content") == .exactly(0))
        #expect(try length("Content-Length: 12\r\n", status: "304 Not Modified") == .exactly(0))
        #expect(try length("", status: "100") == .exactly(0))
    }

    @Test(
        "reads whether the connection goes on",
        arguments: [
            ("1.1", "", false), ("1.1", "Connection: close\r\n", true),
            ("1.1", "Connection: Keep-Alive, Close\r\n", true),
            ("1.1", "Connection: close\r\nConnection: keep-alive\r\n", true), ("1.0", "", true),
            ("1.0", "Connection: keep-alive\r\n", false),
            ("1.0", "Connection: keep-alive\r\nConnection: close\r\n", true),
            ("1.1", "Connection: TE, close , x\r\n", true),
        ])
    func connection(_ version: String, _ lines: String, _ closes: Bool) throws {
        #expect(
            try parseAnswer("HTTP/\(version) 200 OK\r\nContent-Length: 0\r\n\(lines)\r\n").get().closesAfter == closes)
    }

    @Test(
        "refuses",
        arguments: [
            "\r\n", "HTTP/1.1\r\n", "HTTP/1.1 20\r\nx", "HTTP/2.0 200 OK\r\n", "HTTP/1.1 2x0 OK\r\n",
            "HTTP/1.1 099 OK\r\n",
            "HTTP/1.1 600 OK\r\n", "HTTP/1.1  200 OK\r\n", "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 200 O\nK\r\n",
            "ICY 200 OK and more\r\n",
            "HTTP/1.1 200 OK\r\nX : 1\r\n", "HTTP/1.1 200 OK\r\n X: 1\r\n", "HTTP/1.1 200 OK\r\nX\r\n",
            "HTTP/1.1 200 OK\r\nX: a\nb\r\n",
            "HTTP/1.1 200 OK\r\nX: a\rb\r\n", "HTTP/1.1 200 OK\r\nX: \u{0}\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: \r\n", "HTTP/1.1 200 OK\r\nContent-Length: 1234567890123456789\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n",
            "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n",
        ])
    func refusals(_ text: String) {
        #expect(parseAnswer(text + "\r\n").isBadHead)
    }

    @Test("refuses a declared body that is too large")
    func tooLarge() throws {
        #expect(throws: UpstreamFailure.responseTooLarge) {
            try parseAnswer("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", bodyBytesMax: 1000).get()
        }
    }
}

extension Result where Success == ResponseHead, Failure == UpstreamFailure {
    fileprivate var isBadHead: Bool {
        if case .failure(.badResponse) = self { true } else { false }
    }
}
