import Testing

@testable import IntentProtocol

@Suite("Sealed frames")
struct SealedFrameTests {
    private func read(_ text: String, bytesMax: Int = 4_096) throws(SealedFrame.Fault) -> SealedFrame? {
        try SealedFrame.read(Array(text.utf8), bytesMax: bytesMax)
    }

    private static let head = #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"#

    @Test("are told from all others by their message type alone")
    func kinds() throws {
        let others = [
            #"{"protocol":"INTENTUSNET/1.0","messageType":"intent","body":{}}"#, #"{"version":"1.0","intent":{}}"#,
            "{}", "[]", "", "{", #"{"body":{},"messageType":"emcl"}"#, #"{"messageType":7}"#, "nonsense",
        ]
        for other in others { #expect(try read(other) == nil, "\(other)") }
        let frame = try #require(
            try read(Self.head + #""body":{"cipherText":"AA==","iv":"i\u0076","tag":"","identityChain":[],"time":12}}"#)
        )
        #expect(frame.text(.iv).map { Array($0) } == Array("iv".utf8))
        #expect(!frame.isPlain(.iv) && frame.isPlain(.cipherText) && frame.has(.tag) && !frame.has(.kid))
        #expect(frame.milliseconds == 12)
        var bytes: [UInt8] = [9]
        #expect(frame.base64ByteCount(.cipherText) == 1 && frame.base64ByteCount(.iv) == nil)
        #expect(bytes.withUnsafeMutableBytes { frame.decodeBase64(.cipherText, into: $0) } && bytes == [0])
        bytes = [9]
        #expect(!bytes.withUnsafeMutableBytes { frame.decodeBase64(.iv, into: $0) } && bytes == [9])
        #expect(!bytes.withUnsafeMutableBytes { frame.decodeBase64(.nonce, into: $0) } && bytes == [9])
        #expect(bytes.withUnsafeMutableBytes { frame.copyText(.nonce, to: $0) } == nil)
        var text = [UInt8](repeating: 0, count: frame.textByteCountMax(.iv))
        #expect(text.withUnsafeMutableBytes { frame.copyText(.iv, to: $0) } == 2 && text.prefix(2) == [0x69, 0x76])
    }

    @Test(
        "are refused once they are known",
        arguments: [
            #""body":{"cipherText":7}}"#, #""body":{"alg":"none"}}"#, #""body":{"tag":"","tag":""}}"#,
            #""body":[]}"#, #""body":{}} "x""#, #""body":{},"other":1}"#, #""body":{"identityChain":""}}"#,
            #""body":{"time":"1"}}"#, #""x":{}}"#, #""body":{"#, #""headers":{},"body":{}}"#,
            #""protocol":"X","body":{}}"#, #""body":{}"#, #""body":{},"body":{}}"#, #""body":{},}"#, #""body":"{}"}"#,
        ])
    func refused(rest: String) {
        #expect(throws: SealedFrame.Fault.malformed) { try read(Self.head + rest) }
        // A space more, and it is not read as our own parts write it.
        #expect(throws: SealedFrame.Fault.malformed) { try read("{ " + Self.head.dropFirst() + rest) }
    }

    @Test(
        "may have spaces wherever JSON has them, and members in any order",
        arguments: [
            #""body":{"emcl":"v2","kid":"a"}}"#, #""body": {"kid":"a", "emcl":"v2"} } "#, #" "body" :{ "kid" : "a" }}"#,
        ])
    func spaces(rest: String) throws {
        for text in [Self.head + rest, " " + Self.head + rest, "{ " + Self.head.dropFirst() + rest] {
            let frame = try #require(try read(text), "\(text)")
            #expect(frame.plain(.kid, is: "a") && frame.plain(.kid, is: [0x61]) && !frame.plain(.kid, is: [0x62]))
        }
    }

    @Test("need their protocol, a body and a bounded size")
    func bounds() throws {
        #expect(throws: SealedFrame.Fault.malformed) { try read(#"{"messageType":"emcl","body":{}}"#) }
        #expect(throws: SealedFrame.Fault.malformed) {
            try read(#"{"protocol":"INTENTUSNET/1.0","messageType":"emcl"}"#)
        }
        let whole = Self.head + #""body":{"cipherText":"AAAA"}}"#
        #expect(try read(whole, bytesMax: whole.utf8.count) != nil)
        #expect(throws: SealedFrame.Fault.tooLarge) { try read(whole, bytesMax: whole.utf8.count - 1) }
        #expect(throws: SealedFrame.Fault.tooLarge) { try SealedFrame(parsingBody: Array("{}".utf8), bytesMax: 1) }
    }

    @Test(
        "a time is digits alone, at most fifteen, and not zero",
        arguments: ["0", "1.0", "1e3", "-1", "1234567890123456"])
    func times(time: String) throws {
        #expect(try read(Self.head + #""body":{"time":\#(time)}}"#)?.milliseconds == nil)
    }
}
