/// Looks for what a JSON string must escape, eight bytes at a time.
enum JSONEscapes {
    /// Whether a text has a quote, a backslash or a control character.
    static func isNeeded(in text: UnsafeRawBufferPointer) -> Bool {
        guard text.count >= 8 else {
            // Behind bytes that need none.
            var word: UInt64 = 0x2020_2020_2020_2020
            for byte in text { word = word << 8 | UInt64(byte) }
            return hasSpecial(word)
        }
        var index = 0
        while index + 8 < text.count {
            guard !hasSpecial(text.loadUnaligned(fromByteOffset: index, as: UInt64.self)) else { return true }
            index += 8
        }
        // The last eight, some of which may have been looked at.
        return hasSpecial(text.loadUnaligned(fromByteOffset: text.count - 8, as: UInt64.self))
    }

    /// A subtraction borrows into the high bit of a byte that is smaller; bytes beyond ASCII have that bit set already and are none.
    @inline(__always)
    private static func hasSpecial(_ word: UInt64) -> Bool {
        let quotes = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslashes = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
        let controls = word &- 0x2020_2020_2020_2020
        return (quotes | backslashes | controls) & ~word & 0x8080_8080_8080_8080 != 0
    }
}
