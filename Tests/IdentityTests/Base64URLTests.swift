import Foundation
import Testing

@testable import Identity

@Suite("Base64url")
struct Base64URLTests {
    @Test("every length decodes to what Foundation encoded")
    func roundTrip() {
        var random = SplitMix64(seed: 1)
        for count in 0..<300 {
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-")
                .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
            #expect(Base64URL.decode(text) == bytes)
        }
    }

    @Test(
        "padding, other alphabets, spaces and impossible lengths are refused",
        arguments: [
            "A", "AAAAA", "AA==", "AAA=", "A A", "AA\n", "++++", "////", "AA+A", "AAA.", "ÄA", "AA\u{0}A",
        ])
    func refused(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }

    @Test("trailing bits that are not zero are refused", arguments: ["AB", "AP", "A_", "AAB", "AAC", "AAD", "AA_"])
    func trailingBits(_ text: String) {
        #expect(Base64URL.decode(text) == nil)
    }
}
