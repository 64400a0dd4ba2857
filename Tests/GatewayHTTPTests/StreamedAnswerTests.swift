import Foundation
import Synchronization
import Testing

@testable import GatewayHTTP

/// A handler's pieces: a number each, for as long as the test wants more.
private final class Pieces: Sendable {
    private let asked = Atomic<Int>(0)
    private let ended = Atomic<Int>(0)
    private let count: Int
    private let bytes: Int

    init(count: Int, bytes: Int = 0) {
        self.count = count
        self.bytes = bytes
    }

    var askedCount: Int { asked.load(ordering: .acquiring) }
    /// How often the answer was ended, by the handler or because its reader went away.
    var endedCount: Int { ended.load(ordering: .acquiring) }

    var answer: HTTPAnswer {
        var answer = HTTPAnswer(status: 200, headerLines: Array("x-own: 1\r\n".utf8), body: Array("begin;".utf8))
        answer.contentType = "text/event-stream"
        answer.next = { [self] in
            let number = asked.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
            guard number <= count else {
                ended.add(1, ordering: .acquiringAndReleasing)
                return nil
            }
            if bytes == 0 {
                do {
                    try await Task.sleep(for: .milliseconds(5))
                } catch {
                    ended.add(1, ordering: .acquiringAndReleasing)
                    return nil
                }
            }
            return Array("\(number);".utf8) + Array(repeating: UInt8(ascii: "x"), count: bytes)
        }
        return answer
    }
}

extension SocketTests {
    @Suite("Answers that go on")
    struct StreamedAnswerTests {
        @Test("over HTTP/1.1 the pieces come in chunks as they are made, and the connection ends with them")
        func chunks() async throws {
            let pieces = Pieces(count: 3)
            try await TestServer.run(answering: { _, _ in pieces.answer }) { server in
                let socket = try server.connect()
                try socket.send(
                    "GET /api/v1/agents HTTP/1.1\r\nHost: a\r\n\r\nGET /api/v1/agents HTTP/1.1\r\nHost: a\r\n\r\n")
                let text = String(decoding: try socket.readToEnd(), as: UTF8.self)
                #expect(
                    text.hasPrefix(
                        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"))
                #expect(text.contains("connection: close\r\n") && text.contains("x-own: 1\r\n"))
                #expect(!text.contains("content-length"))
                #expect(text.hasSuffix("\r\n\r\n6\r\nbegin;\r\n2\r\n1;\r\n2\r\n2;\r\n2\r\n3;\r\n0\r\n\r\n"), "\(text)")
                // What came behind it is not answered: nobody could tell where that answer begins.
                #expect(server.handled.value == 1)
            }
        }

        @Test("curl reads it over HTTP/1.1 and HTTP/2", arguments: ["--http1.1", "--http2"])
        func curl(version: String) async throws {
            let pieces = Pieces(count: 4)
            let tls = try TLSFixture.listener(offersHTTP2: true)
            try await TestServer.run(tls: tls, answering: { _, _ in pieces.answer }) { server in
                let answer = try server.curl([version])
                #expect(answer.status == 200 && answer.output.contains("begin;1;2;3;4;"), "\(answer)")
                #expect(!answer.output.contains("content-length"))
            }
        }

        @Test("whoever goes away ends it")
        func gone() async throws {
            let pieces = Pieces(count: 1_000_000)
            try await TestServer.run(answering: { _, _ in pieces.answer }) { server in
                let socket = try server.connect()
                try socket.send("GET /api/v1/agents HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try !socket.read().isEmpty)
                socket.end()
                #expect(await eventually { pieces.endedCount == 1 })
                #expect(await eventually { server.server.gauges.requestsInFlight == 0 })
            }
        }

        @Test("a reader that takes nothing is asked for no more than the system holds, and ended in time")
        func slowReader() async throws {
            var limits = HTTPLimits()
            limits.writeTimeoutMilliseconds = 300
            let pieces = Pieces(count: 100_000, bytes: 64 << 10)
            try await TestServer.run(limits: limits, answering: { _, _ in pieces.answer }) { server in
                let socket = try server.connect(receiveBufferBytes: 4_096)
                try socket.send("GET /api/v1/agents HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(await eventually { server.server.gauges.openConnections == 0 })
                #expect(pieces.askedCount < 200, "\(pieces.askedCount)")
            }
        }

        @Test("a server that drains ends it in order", arguments: [false, true])
        func drain(overHTTP2: Bool) async throws {
            let pieces = Pieces(count: 1_000_000)
            let tls = overHTTP2 ? try TLSFixture.listener(offersHTTP2: true) : nil
            try await TestServer.run(tls: tls, answering: { _, _ in pieces.answer }) { server in
                let began = Task.detached {
                    try server.curl([overHTTP2 ? "--http2" : "--http1.1"], scheme: overHTTP2 ? "https" : "http")
                }
                #expect(await eventually { pieces.askedCount > 2 })
                await server.server.drain(withinMilliseconds: 5_000)
                let answer = try await began.value
                // Whole by its own framing: curl would complain of an answer that was cut.
                #expect(answer.exitCode == 0 && answer.output.contains("begin;1;2;"), "\(answer)")
                #expect(pieces.endedCount == 1)
            }
        }
    }
}
