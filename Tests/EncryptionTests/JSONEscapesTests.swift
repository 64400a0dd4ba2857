import Testing

@testable import Encryption

@Suite("What JSON strings must escape")
struct JSONEscapesTests {
    @Test("is found at every place of texts of every length, and nothing else is")
    func everyByte() {
        for count in [1, 7, 8, 9, 16, 23] {
            for place in 0..<count {
                for byte in UInt8.min...UInt8.max {
                    var text = [UInt8](repeating: 0x80, count: count)
                    text[place] = byte
                    let isNeeded = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                    let found = text.withUnsafeBytes { JSONEscapes.isNeeded(in: $0) }
                    #expect(found == isNeeded, "byte \(byte) at \(place) of \(count)")
                }
            }
        }
        #expect([UInt8]().withUnsafeBytes { !JSONEscapes.isNeeded(in: $0) })
    }
}
