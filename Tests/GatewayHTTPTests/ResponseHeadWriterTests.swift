import NIOCore
import Testing

@testable import GatewayHTTP

@Suite("The head of an answer")
struct ResponseHeadWriterTests {
    private static func text(_ status: Int, closes: Bool = false, withoutBody: Bool = false) -> String {
        var buffer = ByteBuffer()
        ResponseHeadWriter.write(
            HTTPAnswer(status: status, headerLines: Array("x-a: 1\r\n".utf8), body: Array("{}".utf8)), closes: closes,
            withoutBody: withoutBody, into: &buffer)
        return String(buffer: buffer)
    }

    @Test(
        "names the status that was meant",
        arguments: [
            (200, "200 OK"), (201, "201 Created"), (401, "401 Unauthorized"), (422, "422 Unprocessable Content"),
            (499, "499 Client Closed Request"), (500, "500 Internal Server Error"), (418, "418 "), (299, "299 "),
            (599, "599 "),
        ])
    func statusLine(status: Int, line: String) {
        #expect(
            Self.text(status)
                == "HTTP/1.1 \(line)\r\ncontent-type: application/json\r\ncontent-length: 2\r\nx-a: 1\r\n\r\n{}")
    }

    @Test("makes 500 of what no final answer can be", arguments: [Int.min, -1, 0, 99, 100, 101, 199, 600, 1_000, .max])
    func impossible(status: Int) {
        #expect(Self.text(status) == Self.text(500))
    }

    @Test(
        "has neither length nor body when the status forbids them",
        arguments: [(204, "204 No Content"), (304, "304 Not Modified")])
    func bodiless(status: Int, line: String) {
        #expect(Self.text(status) == "HTTP/1.1 \(line)\r\nx-a: 1\r\n\r\n")
        #expect(Self.text(status, closes: true) == "HTTP/1.1 \(line)\r\nconnection: close\r\nx-a: 1\r\n\r\n")
    }

    @Test("has the length of the body that an answer to HEAD leaves out")
    func head() {
        #expect(
            Self.text(405, closes: true, withoutBody: true)
                == "HTTP/1.1 405 Method Not Allowed\r\ncontent-type: application/json\r\ncontent-length: 2\r\n"
                + "connection: close\r\nx-a: 1\r\n\r\n")
    }
}

extension SocketTests {
    @Suite("An answer without a body")
    struct BodilessAnswerTests {
        @Test("does not put the next answer of its connection out of step", arguments: [204, 304])
        func inStep(status: Int) async throws {
            try await TestServer.run { request, connection in
                HTTPAnswer(status: request.body.isEmpty ? status : 200, body: Array("body".utf8))
            } during: { server in
                let socket = try server.connect()
                try socket.send(request() + request("Content-Length: 1") + "x")
                let answers = HTTPMessageReader(socket)
                #expect(try answers.next()?.status == status)
                let second = try answers.next()
                #expect(second?.status == 200 && second?.body == "body")
            }
        }
    }
}
