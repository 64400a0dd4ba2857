import NIOHPACK
import Testing

@testable import GatewayHTTP

@Suite("The head of an HTTP/2 request")
struct HTTP2HeadTests {
    private static func text(_ headers: HPACKHeaders) -> String? {
        (try? HTTP2Head.bytes(of: headers)).map { String(decoding: $0, as: UTF8.self) }
    }

    private static let start: HPACKHeaders = [
        ":method": "POST", ":scheme": "https", ":path": "/a", ":authority": "b:1",
    ]

    @Test("becomes that of an HTTP/1.1 request")
    func whole() {
        var headers = Self.start
        headers.add(name: "content-type", value: "application/json")
        headers.add(name: "host", value: "b:1")
        #expect(Self.text(headers) == "POST /a HTTP/1.1\r\nhost: b:1\r\ncontent-type: application/json\r\n\r\n")
    }

    @Test(
        "is refused when a part of it could become another",
        arguments: [
            ("x", "a\r\nauthorization: b"), ("x", "a\u{0}"), ("x", "\u{7F}"), ("x", "é"), ("x: y", "a"), ("X", "a"),
            ("x\r\ny", "a"), ("", "a"), ("host", "elsewhere"), ("connection", "close"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"), (":path", "/other"), (":method", "GET"),
        ])
    func refused(name: String, value: String) {
        var headers = Self.start
        headers.add(name: name, value: value)
        let bytes = try? HTTP2Head.bytes(of: headers)
        // An empty name is no name for the parser behind it.
        guard name.isEmpty else { return #expect(bytes == nil) }
        #expect(bytes.map { parseHead($0).reason } == .badRequest)
    }

    @Test("is refused when its first line would be another", arguments: ["POST /b", "POST\r\n", "", "PÖST"])
    func words(method: String) {
        #expect(Self.text([":method": method, ":scheme": "https", ":path": "/a", ":authority": "b"]) == nil)
        #expect(Self.text([":method": "POST", ":scheme": "https", ":path": "/a b", ":authority": "b"]) == nil)
        #expect(Self.text([":method": "POST", ":scheme": "https", ":path": "/a", ":authority": "b\r\nx: y"]) == nil)
        #expect(Self.text([":scheme": "https", ":path": "/a", ":authority": "b"]) == nil)
    }
}
