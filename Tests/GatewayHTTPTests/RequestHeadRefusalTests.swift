import Testing

@testable import GatewayHTTP

@Suite("The request head's parser refuses")
struct RequestHeadRefusalTests {
    @Test(
        "a request line that is not exactly one",
        arguments: [
            "", " ", "POST", "POST ", "POST /", "POST / ", "POST  / HTTP/1.1", "POST /  HTTP/1.1", " POST / HTTP/1.1",
            "POST\t/ HTTP/1.1", "PO(ST / HTTP/1.1", "PO:ST / HTTP/1.1", "PÖST / HTTP/1.1", "POST / HTTP/1.1 ",
            "POST / http/1.1", "POST / HTTP/1.1x", "POST / FTP/1.1/1", "POST /\u{7F} HTTP/1.1", "POST /\u{1} HTTP/1.1",
            "POST /ä HTTP/1.1", "POST /a b HTTP/1.1",
            "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1",
        ])
    func requestLine(_ line: String) {
        #expect(parseHead(line + "\r\nHost: a\r\n\r\n").reason == .badRequest)
    }

    @Test(
        "another version", arguments: ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/9.9", "HTTP/1,1", "HTTP/1", "HTTP/11"])
    func version(_ version: String) {
        #expect(parseHead("POST / \(version)\r\nHost: a\r\n\r\n").reason == .versionNotSupported)
    }

    @Test(
        "S16 a header line that two parsers could read differently",
        arguments: [
            "X : 1", "X\t: 1", " X: 1", "\tX: 1", ": 1", "X", "X=1", "X\u{0}: 1", "Ä: 1", "(X): 1", "X: a\nY: b",
            "X: a\rY: b", "X: a\u{0}b", "X: a\u{1}b", "X: a\u{7F}b", "X: ä", "X: 1\r\n continued",
            "X: 1\r\n\tcontinued",
            "\"X\": 1", "X: a\u{B}", "Transfer-Encoding\u{B}: chunked", "Content-Length : 5",
        ])
    func headerLine(_ line: String) {
        #expect(parseHead("POST / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n").reason == .badRequest)
    }

    @Test(
        "S15 a second copy of a header that may stand once",
        arguments: [
            "Host", "Authorization", "Content-Type", "Content-Length", "Transfer-Encoding", "Content-Encoding",
            "Connection",
            "Expect", "Idempotency-Key", "X-Forwarded-Client-Cert", "traceparent", "tracestate",
            "X-Intentus-Timeout-Ms",
        ])
    func secondCopy(_ name: String) {
        let value =
            [
                "Host": "gateway", "Content-Length": "0", "Transfer-Encoding": "chunked", "Expect": "100-continue",
                "Content-Encoding": "identity", "Connection": "close",
            ][name] ?? "a"
        let lines = name == "Host" ? "Host: gateway" : "\(name): \(value)\r\n\(name.uppercased()): \(value)"
        #expect(parseHead(request(lines)).reason == .badRequest)
        // An empty first copy is a copy.
        let emptyFirst = "POST / HTTP/1.1\r\n\(name):\r\n\(name): \(value)\r\n\r\n"
        #expect(parseHead(emptyFirst).reason == .badRequest)
    }

    @Test(
        "a missing Host, and one that cannot be a host",
        arguments: ["X: 1", "Host: a b", "Host: a,b", "Host: u@h", "Host: a/b", "Host: a?b"])
    func host(_ line: String) {
        #expect(parseHead("POST / HTTP/1.1\r\n\(line)\r\n\r\n").reason == .badRequest)
    }

    @Test(
        "a Content-Length that is no plain number",
        arguments: [
            "", "+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5.0", "5e3", "five", "1_0", "1234567890123456789",
            "99999999999999999999", "18446744073709551621",
        ])
    func contentLength(_ value: String) {
        #expect(parseHead(request("Content-Length: \(value)")).reason == .badRequest)
    }

    @Test("S16 both lengths, in either order")
    func bothLengths() {
        #expect(parseHead(request("Content-Length: 5", "Transfer-Encoding: chunked")).reason == .badRequest)
        #expect(parseHead(request("Transfer-Encoding: chunked", "Content-Length: 5")).reason == .badRequest)
        #expect(parseHead(request("Transfer-Encoding: identity", "Content-Length: 5")).reason == .badRequest)
    }

    @Test(
        "S16 every transfer encoding but chunked",
        arguments: [
            "", "identity", "gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "chunked,", ",chunked",
            "xchunked",
            "chunkedx", "\"chunked\"", "chunked;q=1", "chunked identity",
        ])
    func transferEncoding(_ value: String) {
        #expect(parseHead(request("Transfer-Encoding: \(value)")).reason == .notImplemented)
    }

    @Test("S16 a transfer encoding in HTTP/1.0")
    func transferEncodingInHTTP10() {
        #expect(parseHead("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").reason == .badRequest)
    }

    @Test("S18 a compressed body", arguments: ["gzip", "deflate", "br", "zstd", "identity, gzip", "", "x-gzip"])
    func contentEncoding(_ value: String) {
        #expect(parseHead(request("Content-Encoding: \(value)")).reason == .unsupportedEncoding)
    }

    @Test("an expectation that is not 100-continue", arguments: ["", "200-ok", "100-continue, x"])
    func expectation(_ value: String) {
        #expect(parseHead(request("Expect: \(value)")).reason == .expectationFailed)
    }

    @Test("S17 one header line more than may be")
    func headerCount() {
        var limits = HTTPLimits()
        limits.headersMax = 5
        func text(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: 1\r\n", count: count - 1) + "\r\n"
        }
        #expect(parseHead(text(5), limits: limits).reason == nil)
        #expect(parseHead(text(6), limits: limits).reason == .headTooLarge)
    }

    @Test("a declared body that is larger than may be, and not the largest one")
    func bodyBytes() {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 10
        #expect(parseHead(request("Content-Length: 10"), limits: limits).reason == nil)
        #expect(parseHead(request("Content-Length: 11"), limits: limits).reason == .bodyTooLarge)
        #expect(parseHead(request("Content-Length: 999999999999999999"), limits: limits).reason == .bodyTooLarge)
    }
}
