import Testing

@testable import Encryption

@Suite("What JSON strings must escape")
struct JSONEscapesTests {
    @Test("is found at every place of texts of every length, and nothing else is")
    func everyByte() {
        for count in [1, 7, 8, 9, 16, 23] {
            for place in 0..<count {
                for byte in UInt8.min...UInt8.max {
                    // Bytes beside it that need none by one bit, and one beyond ASCII: a borrow must not reach into another byte.
                    for filler: UInt8 in [0x20, 0x21, 0x23, 0x5D, 0x80] {
                        var text = [UInt8](repeating: filler, count: count)
                        text[place] = byte
                        let isNeeded = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                        guard text.withUnsafeBytes({ JSONEscapes.isNeeded(in: $0) }) != isNeeded else { continue }
                        Issue.record("byte \(byte) at \(place) of \(count), beside \(filler)")
                    }
                }
            }
        }
        #expect([UInt8]().withUnsafeBytes { !JSONEscapes.isNeeded(in: $0) })
    }
}
