import Foundation
import Testing

@testable import IntentProtocol

@Suite("Base64")
struct Base64Tests {
    @Test("writes and reads as Foundation does, at every length")
    func lengths() {
        var state: UInt32 = 1
        for count in 0..<200 {
            let bytes = (0..<count).map { _ -> UInt8 in
                state = state &* 1_664_525 &+ 1_013_904_223
                return UInt8(truncatingIfNeeded: state >> 24)
            }
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.text(of: bytes) == text)
            #expect(Base64.bytes(of: text.utf8) == bytes)
            #expect(Base64.encodedCount(count) == text.utf8.count)
        }
    }

    @Test(
        "has one spelling for each run of bytes",
        arguments: [
            "A", "AA", "AAA", "A===", "====", "AA=A", "AB==", "AAB=", "AAA=\n", "AA A", "AA-_", "AAAA=", "AAAA====",
            "AA==AAAA", "AA\u{0}=", "ÄA==",
        ])
    func refused(text: String) {
        #expect(Base64.bytes(of: text.utf8) == nil)
    }

    @Test("no other character than its 64 stands anywhere")
    func alphabet() {
        let good = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for character in UInt8.min...UInt8.max {
            for place in 0..<8 {
                var text = Array("AAAAAAAA".utf8)
                text[place] = character
                let isPadding = character == UInt8(ascii: "=") && place == 7
                #expect((Base64.bytes(of: text) != nil) == (good.contains(character) || isPadding))
            }
        }
    }
}
