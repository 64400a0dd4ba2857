import Foundation
import Testing

@testable import IntentProtocol

@Suite("Base64")
struct Base64Tests {
    private static func bytes(_ count: Int, seed: UInt32 = 1) -> [UInt8] {
        var state = seed
        return (0..<count).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(truncatingIfNeeded: state >> 24)
        }
    }

    /// Whether Foundation reads it, and writes what it read just so: it lets unused bits pass.
    private static func isCanonical(_ text: [UInt8]) -> Bool {
        Data(base64Encoded: Data(text))?.base64EncodedData().elementsEqual(text) ?? false
    }

    @Test("writes and reads as Foundation does, at every length")
    func lengths() {
        for count in 0...200 {
            let bytes = Self.bytes(count)
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.text(of: bytes) == text)
            #expect(Base64.bytes(of: text.utf8) == bytes)
            #expect(Base64.encodedCount(count) == text.utf8.count)
        }
    }

    @Test("each six bits are written and read at each place")
    func sextets() {
        for value in UInt8.min..<64 {
            let bytes = (0..<13).flatMap { _ in [value << 2 | value >> 4, value << 4 | value >> 2, value << 6 | value] }
            let text = Data(bytes).base64EncodedString()
            #expect(Base64.text(of: bytes) == text && Base64.bytes(of: text.utf8) == bytes)
        }
    }

    @Test("at every length, a character that is changed anywhere makes what Foundation makes of it, or is refused")
    func corrupted() {
        // The neighbours of each range of the alphabet, and those with other top bits.
        let others = Array("+,./0:9@AZ[`az{=".utf8) + [0, 10, 42, 127, 128, 171, 193, 225, 250, 255]
        for count in 1...200 {
            let text = Array(Data(Self.bytes(count, seed: UInt32(count))).base64EncodedString().utf8)
            for place in text.indices {
                var changed = text
                changed[place] = others[(place + count) % others.count]
                let expected = Self.isCanonical(changed) ? [UInt8](Data(base64Encoded: Data(changed)) ?? Data()) : nil
                #expect(Base64.bytes(of: changed) == expected, "place \(place) of \(changed.count)")
            }
        }
    }

    @Test("no byte but the 64 stands at any place, short or long", arguments: [3, 12, 13, 14, 29, 40])
    func everyByte(count: Int) {
        let text = Array(Data(Self.bytes(count)).base64EncodedString().utf8)
        for place in text.indices {
            for byte in UInt8.min...UInt8.max {
                var changed = text
                changed[place] = byte
                let isRead = Base64.bytes(of: changed) != nil
                if isRead != Self.isCanonical(changed) {
                    Issue.record("\(byte) at \(place) of \(text.count): \(isRead)")
                }
            }
        }
    }

    @Test("of the sixteen spellings of a last byte, and the four of the last two, one is read", arguments: [0, 12, 25])
    func spareBits(count: Int) throws {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        for more in 1...2 {
            let count = count / 3 * 3 + more
            var text = Array(Data(Self.bytes(count)).base64EncodedString().utf8)
            let place = text.count - 4 + more
            let good = try #require(alphabet.firstIndex(of: text[place]))
            for value in alphabet.indices where value != good && value >> (6 - 2 * more) == good >> (6 - 2 * more) {
                text[place] = alphabet[value]
                #expect(Base64.bytes(of: text) == nil)
            }
        }
    }

    @Test("touches no memory but the bytes and their text", arguments: [true, false])
    func bounds(atEnd: Bool) throws {
        let (one, other) = try (#require(GuardedMemory()), #require(GuardedMemory()))
        for count in 1...100 {
            let bytes = Self.bytes(count)
            let plain = one.bytes(count, atEnd: atEnd)
            let text = other.bytes(Base64.encodedCount(count), atEnd: atEnd)
            plain.copyBytes(from: bytes)
            Base64.encode(UnsafeRawBufferPointer(plain), into: text)
            #expect(Array(text) == Array(Data(bytes).base64EncodedString().utf8))
            plain.initializeMemory(as: UInt8.self, repeating: 0)
            #expect(Base64.decode(UnsafeRawBufferPointer(text), into: plain) && Array(plain) == bytes)
        }
    }

    @Test("writes nothing where the memory has another size")
    func sizes() {
        var memory = [UInt8](repeating: 7, count: 40)
        let bytes = Self.bytes(29)
        for size in [0, 39] {
            bytes.withUnsafeBytes { bytes in
                memory.withUnsafeMutableBytes {
                    Base64.encode(bytes, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<size]))
                }
            }
        }
        let text = Array(Base64.text(of: bytes).utf8)
        for size in [0, 28, 30, 40] {
            let isRead = text.withUnsafeBytes { text in
                memory.withUnsafeMutableBytes {
                    Base64.decode(text, into: UnsafeMutableRawBufferPointer(rebasing: $0[..<size]))
                }
            }
            #expect(!isRead)
        }
        #expect(memory.allSatisfy { $0 == 7 })
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
}
