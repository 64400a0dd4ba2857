/// Standard base64 with its padding (RFC 4648 section 4), in the one spelling that each run of bytes has.
///
/// Line breaks, other characters, missing padding and unused bits that are not zero are refused: a second spelling of a
/// sealed message would be a second message with the same tag. Sixteen characters go at a time, by arithmetic: tables would
/// be long out of the processor's caches when the next message comes.
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
        // What is written in groups of four characters that have no padding.
        let whole = count / 3 * 3
        var read = 0
        var written = 0
        var seen = Base64Block.Validity()
        if whole >= Base64Block.byteCount {
            while written &+ Base64Block.storedByteCount <= whole {
                Base64Block(characters: source + read, &seen).storeBytes(to: target + written)
                read &+= Base64Block.characterCount
                written &+= Base64Block.byteCount
            }
            // The last whole groups, some of which were read before.
            read = whole / 3 * 4
            written = whole
            Base64Block(characters: source + (read - Base64Block.characterCount), &seen)
                .storeExactBytes(to: target + (written - Base64Block.byteCount))
        }
        guard seen.isValid else { return false }
        while written < count {
            guard decodeGroup(source + read, into: target + written, count: min(3, count - written)) else {
                return false
            }
            read += 4
            written += 3
        }
        return true
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
        var read = 0
        var written = 0
        if bytes.count >= Base64Block.byteCount {
            while read &+ Base64Block.byteCount <= bytes.count {
                Base64Block(bytes: source + read).storeCharacters(to: target + written)
                read &+= Base64Block.byteCount
                written &+= Base64Block.characterCount
            }
            // The last whole groups, some of which were written before.
            read = bytes.count / 3 * 3
            written = bytes.count / 3 * 4
            Base64Block(bytes: source + (read - Base64Block.byteCount))
                .storeCharacters(to: target + (written - Base64Block.characterCount))
        }
        while read < bytes.count {
            encodeGroup(source + read, count: min(3, bytes.count - read), to: target + written)
            read += 3
            written += 4
        }
    }

    /// The text of bytes.
    package static func text(of bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        bytes.withUnsafeBytes { append($0, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    private static let padding = UInt8(ascii: "=")

    /// Four characters that stand for one to three bytes; those beyond them are padding.
    private static func decodeGroup(
        _ group: UnsafeRawPointer, into target: UnsafeMutableRawPointer, count: Int
    ) -> Bool {
        var bits: UInt32 = 0
        for place in 0...count {
            guard let sextet = sextet(of: group.load(fromByteOffset: place, as: UInt8.self)) else { return false }
            bits |= sextet << UInt32(18 - 6 * place)
        }
        // A group that ends early must have no bits beyond its bytes.
        guard bits & (0xFF_FFFF >> UInt32(8 * count)) == 0 else { return false }
        for place in 0..<count {
            target.storeBytes(
                of: UInt8(truncatingIfNeeded: bits >> UInt32(16 - 8 * place)), toByteOffset: place, as: UInt8.self)
        }
        return true
    }

    /// One to three bytes as four characters.
    private static func encodeGroup(_ group: UnsafeRawPointer, count: Int, to target: UnsafeMutableRawPointer) {
        var bits: UInt32 = 0
        for place in 0..<count {
            bits |= UInt32(group.load(fromByteOffset: place, as: UInt8.self)) << UInt32(16 - 8 * place)
        }
        for place in 0..<4 {
            let sextet = UInt8(truncatingIfNeeded: bits >> UInt32(18 - 6 * place)) & 63
            target.storeBytes(of: place > count ? padding : character(of: sextet), toByteOffset: place, as: UInt8.self)
        }
    }

    private static func sextet(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    private static func character(of sextet: UInt8) -> UInt8 {
        switch sextet {
        case 0..<26: UInt8(ascii: "A") + sextet
        case 26..<52: UInt8(ascii: "a") + (sextet - 26)
        case 52..<62: UInt8(ascii: "0") + (sextet - 52)
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }
}
