import Testing

@testable import GatewayHTTP

@Suite("The request head's parser reads")
struct RequestHeadParserTests {
    private func text(_ range: ByteRange, of text: String) -> String? {
        range.isPresent || range.end > 0 ? String(decoding: Array(text.utf8)[range.range], as: UTF8.self) : nil
    }

    @Test("each header that the listener keeps, in any letter case, without the white space around it")
    func keptHeaders() throws {
        let names: [(String, KeyPath<RequestHead, ByteRange>)] = [
            ("Authorization", \.authorization), ("content-TYPE", \.contentType), ("TraceParent", \.traceparent),
            ("tracestate", \.tracestate), ("X-INTENTUS-TIMEOUT-MS", \.timeout),
            ("x-forwarded-client-cert", \.forwardedClientCertificate), ("Idempotency-Key", \.idempotencyKey),
        ]
        for (name, path) in names {
            let whole = request("\(name):\t some value \t")
            let head = try parseHead(whole).get()
            #expect(text(head[keyPath: path], of: whole) == "some value")
        }
    }

    @Test("the request line and the host")
    func requestLine() throws {
        let whole = "M-SEARCH /a?b=c HTTP/1.1\r\nhOST:[::1]:80\r\n\r\n"
        let head = try parseHead(whole).get()
        #expect(text(head.method, of: whole) == "M-SEARCH")
        #expect(text(head.target, of: whole) == "/a?b=c")
        #expect(text(head.host, of: whole) == "[::1]:80")
        #expect(!head.isHTTP10)
    }

    @Test("how the body is delimited")
    func bodyLength() throws {
        #expect(try parseHead(request()).get().bodyLength == .none)
        #expect(try parseHead(request("Content-Length: 0")).get().bodyLength == .none)
        #expect(try parseHead(request("Content-Length:   0042 ")).get().bodyLength == .exactly(42))
        #expect(try parseHead(request("Transfer-Encoding: CHUNKED")).get().bodyLength == .chunked)
        #expect(try parseHead(request("Content-Encoding: Identity")).get().bodyLength == .none)
    }

    @Test(
        "whether the connection goes on",
        arguments: [
            ("HTTP/1.1", "X: 1", false), ("HTTP/1.1", "Connection: keep-alive", false),
            ("HTTP/1.1", "Connection: Close", true),
            ("HTTP/1.1", "Connection: keep-alive , close", true), ("HTTP/1.1", "Connection: ,,", false),
            ("HTTP/1.1", "Connection:", false), ("HTTP/1.1", "Connection: closed", false), ("HTTP/1.0", "X: 1", true),
            // The answer does not say keep-alive, so a client of HTTP/1.0 would wait for the end.
            ("HTTP/1.0", "Connection: keep-alive", true),
        ])
    func connection(_ version: String, _ line: String, _ closes: Bool) throws {
        #expect(try parseHead("GET / \(version)\r\nHost: a\r\n\(line)\r\n\r\n").get().closesAfter == closes)
    }

    @Test("an expectation, which HTTP/1.0 does not have")
    func expectation() throws {
        #expect(try parseHead(request("Expect: 100-Continue")).get().expectsContinue)
        #expect(try !parseHead("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").get().expectsContinue)
    }

    @Test("the end of a head wherever it lies, and from wherever the search goes on")
    func end() {
        var random = SplitMix64(seed: 1)
        let alphabet: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x41]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...14, using: &random)).map { _ in
                alphabet.randomElement(using: &random) ?? 0
            }
            let expected =
                bytes.count < 4 ? nil : (4...bytes.count).first { bytes[($0 - 4)..<$0] == [0x0D, 0x0A, 0x0D, 0x0A] }
            #expect(headEnd(bytes) == expected)
            // Every place that a search may have stopped at, when nothing was found in what had come.
            for searched in 0...(expected.map { $0 - 1 } ?? bytes.count) {
                #expect(headEnd(bytes, from: searched) == expected)
            }
        }
    }
}
