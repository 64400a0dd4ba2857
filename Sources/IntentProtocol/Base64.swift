/// Standard base64 with its padding (RFC 4648 section 4), in the one spelling that each run of bytes has.
///
/// Line breaks, other characters, missing padding and unused bits that are not zero are refused: a second spelling of a
/// sealed message would be a second message with the same tag.
package enum Base64 {
    /// How many characters that many bytes take.
    package static func encodedCount(_ bytes: Int) -> Int { (bytes + 2) / 3 * 4 }

    /// How many bytes the text stands for, by its length and padding alone; nil when no bytes are written like that.
    package static func decodedCount(_ text: UnsafeRawBufferPointer) -> Int? {
        guard text.count & 3 == 0 else { return nil }
        guard let last = text.last else { return 0 }
        guard last == padding else { return text.count / 4 * 3 }
        return text.count / 4 * 3 - (text[text.count - 2] == padding ? 2 : 1)
    }

    /// Decodes into memory of exactly ``decodedCount(_:)`` bytes; false for anything that is not canonical.
    package static func decode(
        _ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        guard let count = decodedCount(text), count == output.count else { return false }
        guard count > 0, let source = text.baseAddress, let target = output.baseAddress else { return text.isEmpty }
        return Tables.shared.decoding.withUnsafeBufferPointer { table in
            guard let table = table.baseAddress else { return false }
            // All groups but the last are whole and written four bytes at a time, the fourth being overwritten later.
            let whole = text.count / 4 - 1
            var seen: UInt32 = 0
            for group in 0..<whole {
                let word = decoded(source + 4 * group, table)
                seen |= word
                (target + 3 * group).storeBytes(of: word.littleEndian, as: UInt32.self)
            }
            guard seen & Tables.invalid == 0 else { return false }
            return decodeLast(source + 4 * whole, into: target + 3 * whole, count: count - 3 * whole, table)
        }
    }

    /// The bytes of a text; nil for anything that is not canonical.
    package static func bytes(of text: some Collection<UInt8>) -> [UInt8]? {
        let text = Array(text)
        return text.withUnsafeBytes { text in
            guard let count = decodedCount(text) else { return nil }
            var isValid = false
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
                isValid = decode(
                    text, into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
                )
                written = isValid ? count : 0
            }
            return isValid ? bytes : nil
        }
    }

    /// Appends the text of bytes.
    package static func append(_ bytes: UnsafeRawBufferPointer, to text: inout [UInt8]) {
        let start = text.count
        text.append(contentsOf: repeatElement(padding, count: encodedCount(bytes.count)))
        text.withUnsafeMutableBytes { encode(bytes, into: UnsafeMutableRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Writes the text of bytes into memory of exactly ``encodedCount(_:)`` bytes.
    package static func encode(_ bytes: UnsafeRawBufferPointer, into text: UnsafeMutableRawBufferPointer) {
        guard let source = bytes.baseAddress, !bytes.isEmpty, let target = text.baseAddress,
            text.count == encodedCount(bytes.count)
        else { return }
        // What the last bytes leave of their group.
        target.storeBytes(of: padding, toByteOffset: text.count - 1, as: UInt8.self)
        target.storeBytes(of: padding, toByteOffset: text.count - 2, as: UInt8.self)
        Tables.shared.encoding.withUnsafeBufferPointer { table in
            if let table = table.baseAddress { encode(source, bytes.count, to: target, table) }
        }
    }

    /// The text of bytes.
    package static func text(of bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        bytes.withUnsafeBytes { append($0, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let padding = UInt8(ascii: "=")

    /// Three bytes in the low bits, in the order of memory; ``Tables/invalid`` is set when a character is no base64.
    @inline(__always)
    private static func decoded(_ group: UnsafeRawPointer, _ table: UnsafePointer<UInt32>) -> UInt32 {
        @inline(__always)
        func part(_ place: Int) -> UInt32 {
            table[place &* 256 &+ Int(group.load(fromByteOffset: place, as: UInt8.self))]
        }
        return part(0) | part(1) | part(2) | part(3)
    }

    private static func decodeLast(
        _ group: UnsafeRawPointer, into target: UnsafeMutableRawPointer, count: Int, _ table: UnsafePointer<UInt32>
    ) -> Bool {
        // Padding reads as `A`, which has no bits: what is left of the group must not have any beyond its bytes.
        var characters: UInt32 = 0
        for place in 0..<4 {
            let character = place > count ? UInt8(ascii: "A") : group.load(fromByteOffset: place, as: UInt8.self)
            characters |= UInt32(character) << UInt32(8 * place)
        }
        let word = withUnsafeBytes(of: characters.littleEndian) { characters in
            characters.baseAddress.map { decoded($0, table) } ?? Tables.invalid
        }
        guard word & Tables.invalid == 0, count == 3 || word >> UInt32(8 * count) == 0 else { return false }
        for place in 0..<count {
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: word >> UInt32(8 * place)), toByteOffset: place, as: UInt8.self)
        }
        return true
    }

    /// Two characters at a time from 12 bits.
    private static func encode(
        _ source: UnsafeRawPointer, _ count: Int, to target: UnsafeMutableRawPointer, _ table: UnsafePointer<UInt16>
    ) {
        var read = 0
        var written = 0
        @inline(__always)
        func byte(_ offset: Int) -> Int { Int(source.load(fromByteOffset: offset, as: UInt8.self)) }
        // Six bytes of the eight that are loaded become eight characters.
        while read &+ 8 <= count {
            let word = UInt64(bigEndian: source.loadUnaligned(fromByteOffset: read, as: UInt64.self))
            var text = UInt64(UInt16(littleEndian: table[Int(word &>> 52)]))
            text |= UInt64(UInt16(littleEndian: table[Int(word &>> 40 & 0xFFF)])) &<< 16
            text |= UInt64(UInt16(littleEndian: table[Int(word &>> 28 & 0xFFF)])) &<< 32
            text |= UInt64(UInt16(littleEndian: table[Int(word &>> 16 & 0xFFF)])) &<< 48
            (target + written).storeBytes(of: text.littleEndian, as: UInt64.self)
            read &+= 6
            written &+= 8
        }
        while read &+ 3 <= count {
            let word = byte(read) &<< 16 | byte(read &+ 1) &<< 8 | byte(read &+ 2)
            (target + written).storeBytes(of: table[word &>> 12], as: UInt16.self)
            (target + written + 2).storeBytes(of: table[word & 0xFFF], as: UInt16.self)
            read &+= 3
            written &+= 4
        }
        guard read < count else { return }
        // What follows is filled with the padding already.
        let word = byte(read) << 16 | (read + 1 < count ? byte(read + 1) << 8 : 0)
        (target + written).storeBytes(of: table[word >> 12], as: UInt16.self)
        guard read + 1 < count else { return }
        let third = UInt8(truncatingIfNeeded: table[word & 0xFFF].littleEndian)
        (target + written + 2).storeBytes(of: third, as: UInt8.self)
    }

    /// What characters and bits stand for, looked up instead of computed.
    private struct Tables {
        static let shared = Tables()
        /// Set in an entry of a character that is not in the alphabet.
        static let invalid: UInt32 = 0x8000_0000

        /// For each of the four places of a group and each character, its bits where they go in memory.
        var decoding = [UInt32](repeating: invalid, count: 1024)
        /// For 12 bits, two characters in the order of memory.
        var encoding = [UInt16](repeating: 0, count: 4096)

        private init() {
            let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
            for (value, character) in alphabet.enumerated() {
                for place in 0..<4 {
                    let bits = UInt32(value) << UInt32(18 - 6 * place)
                    let inMemory = bits >> 16 & 0xFF | bits & 0xFF00 | bits << 16 & 0xFF_0000
                    decoding[256 * place + Int(character)] = inMemory
                }
            }
            for bits in 0..<4096 {
                encoding[bits] = UInt16(alphabet[bits >> 6]) | UInt16(alphabet[bits & 63]) << 8
                encoding[bits] = encoding[bits].littleEndian
            }
        }
    }
}
