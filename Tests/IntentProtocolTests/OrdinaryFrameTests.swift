import Testing

@testable import IntentProtocol

/// Frames as our own parts write them are read by comparing; what is read must be what the reader of every spelling reads.
@Suite("Sealed frames as our own parts write them")
struct OrdinaryFrameTests {
    private static func frame(_ direction: String, inReplyTo: String = "") -> [UInt8] {
        let head =
            #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":{"emcl":"v2","kid":"2026-01-a","#
        let texts =
            #""caller":"user:alice","tenant":"","audience":"a","intent":"SummarizeIntent","intentVersion":"1.0","requestId":"r-1""#
        return Array(
            (head + #""direction":"\#(direction)","time":1767225600000,"# + texts + #","nonce":"AAAA","#
                + inReplyTo + #""cipherText":"AAECAwQF"}}"#).utf8)
    }

    private static let frames = [frame("request"), frame("call"), frame("answer", inReplyTo: #""inReplyTo":"AQID","#)]

    /// What the reader of every spelling says: a space before the frame keeps it from being compared.
    private func readSlowly(_ bytes: [UInt8]) throws(SealedFrame.Fault) -> SealedFrame? {
        try SealedFrame.read([0x20] + bytes, bytesMax: 4_096)
    }

    private func texts(_ frame: SealedFrame) -> [String?] {
        SealedFrame.Member.allCases.map { member in
            // A number has no escapes to decode, and stands where it stands.
            frame.text(member).map { String(decoding: $0, as: UTF8.self) + (frame.isPlain(member) ? "" : "\\") }
        }
    }

    private func decodes(_ frame: SealedFrame) -> Bool {
        guard let count = frame.base64ByteCount(.cipherText) else { return false }
        var bytes = [UInt8](repeating: 0, count: count)
        return bytes.withUnsafeMutableBytes { frame.decodeBase64(.cipherText, into: $0) }
    }

    @Test("have every member where it is, and their texts in one piece", arguments: frames)
    func members(bytes: [UInt8]) throws {
        let frame = try #require(try SealedFrame.read(bytes, bytesMax: 4_096))
        let place = try #require(frame.placeOfTexts)
        #expect(bytes[place].starts(with: Array(#","caller":"user:alice","#.utf8)))
        #expect(bytes[place].suffix(18) == Array(#","requestId":"r-1""#.utf8)[...])
        #expect(bytes[place.upperBound...].starts(with: Array(#","nonce":""#.utf8)))
        let slow = try #require(try readSlowly(bytes))
        #expect(slow.placeOfTexts == nil)
        #expect(texts(frame) == texts(slow) && decodes(frame) && decodes(slow))
        let start = try #require(bytes.firstRange(of: Array(#""body":"#.utf8))).upperBound
        let body = try SealedFrame(parsingBody: Array(bytes[start...].dropLast()), bytesMax: 4_096)
        #expect(body.placeOfTexts?.count == place.count && texts(body) == texts(slow))
    }

    @Test("are read alike whatever byte of them is changed, left out or put in", arguments: frames)
    func changes(bytes: [UInt8]) throws {
        let others = Array(#""\,:{}0x A"#.utf8) + [0, 0x1F, 0x80, 0xC3]
        var compared = 0
        for index in bytes.indices {
            var variants = others.map { Array(bytes[..<index]) + [$0] + Array(bytes[(index + 1)...]) }
            variants += others.map { Array(bytes[..<index]) + [$0] + Array(bytes[index...]) }
            variants.append(Array(bytes[..<index]) + Array(bytes[(index + 1)...]))
            for changed in variants {
                let fast = Result { try SealedFrame.read(changed, bytesMax: 4_096) }
                let slow = Result { try readSlowly(changed) }
                compared += 1
                switch (fast, slow) {
                case (.success(let fast?), .success(let slow?)):
                    #expect(texts(fast) == texts(slow))
                case (.success(let fast?), .failure):
                    // Only what no base64 has may hide in the ciphertext, or a time that is none.
                    #expect(!decodes(fast) || fast.milliseconds == nil, "\(String(decoding: changed, as: UTF8.self))")
                    #expect(throws: SealedFrame.Fault.malformed) { try fast.lookedThrough() }
                case (.success(nil), .success(nil)), (.failure, .failure): break
                default: Issue.record("\(String(decoding: changed, as: UTF8.self))")
                }
            }
        }
        #expect(compared > 8_000)
    }

    @Test("are left to the other reader when a member is missing, doubled, elsewhere, or not of the direction")
    func otherwise() throws {
        let answer = String(decoding: Self.frame("answer", inReplyTo: #""inReplyTo":"AQID","#), as: UTF8.self)
        let request = String(decoding: Self.frame("request"), as: UTF8.self)
        // An answer may have what it answers behind its ciphertext: any order is good.
        let late = answer.replacing(#""inReplyTo":"AQID","#, with: "").replacing("}}", with: #","inReplyTo":"AQID"}}"#)
        let frame = try #require(try SealedFrame.read(Array(late.utf8), bytesMax: 4_096))
        #expect(frame.placeOfTexts == nil && frame.plain(.inReplyTo, is: "AQID") && decodes(frame))
        let hasBoth = Self.frame("request", inReplyTo: #""inReplyTo":"AQID","#)
        #expect(try SealedFrame.read(hasBoth, bytesMax: 4_096)?.placeOfTexts == nil)
        // Nothing that a request may have can stand behind its ciphertext.
        for rest in [#","tag":""}}"#, #","cipherText":"AAAA"}}"#, #""}}"#] {
            let longer = Array(request.replacing("}}", with: rest).utf8)
            let read = Result { try SealedFrame.read(longer, bytesMax: 4_096) }
            if case .success(let frame?) = read { #expect(!decodes(frame), "\(rest)") }
        }
        // The bound holds for both.
        #expect(throws: SealedFrame.Fault.tooLarge) {
            try SealedFrame.read(Self.frames[0], bytesMax: Self.frames[0].count - 1)
        }
    }
}
