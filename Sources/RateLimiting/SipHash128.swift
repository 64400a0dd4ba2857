/// SipHash-2-4 with a 128-bit result: a keyed hash whose collisions nobody can make without the key.
///
/// The state after a common prefix can be copied, so a limit's name is hashed once and not per request.
package struct SipHash128: Sendable {
    private var v0: UInt64
    private var v1: UInt64
    private var v2: UInt64
    private var v3: UInt64
    private var wordCount: UInt64 = 0

    /// Starts a hash under a 128-bit key.
    package init(key: (UInt64, UInt64)) {
        v0 = key.0 ^ 0x736f_6d65_7073_6575
        v1 = key.1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
        v2 = key.0 ^ 0x6c79_6765_6e65_7261
        v3 = key.1 ^ 0x7465_6462_7974_6573
    }

    /// Absorbs eight bytes.
    package mutating func absorb(_ word: UInt64) {
        v3 ^= word
        round()
        round()
        v0 ^= word
        wordCount &+= 1
    }

    /// Absorbs a byte string as one field: its length, then its bytes, filled up with zeros to whole words.
    ///
    /// With the length in front, no two different lists of fields are the same message: ("a", "b:c") is not ("a:b",
    /// "c").
    package mutating func absorb(field bytes: UnsafeRawBufferPointer) {
        absorb(UInt64(bytes.count))
        let wholeBytes = bytes.count & ~7
        var offset = 0
        while offset < wholeBytes {
            absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            offset += 8
        }
        guard offset < bytes.count else { return }
        absorb(Self.word(of: bytes, from: offset))
    }

    /// Ends the message, with up to seven bytes that make no whole word.
    ///
    /// - Returns: the low and the high half of the result.
    package consuming func finish(tail: UnsafeRawBufferPointer = .init(start: nil, count: 0)) -> (UInt64, UInt64) {
        let byteCount = wordCount &* 8 &+ UInt64(tail.count)
        absorb(byteCount << 56 | Self.word(of: tail, from: 0))
        v2 ^= 0xee
        round()
        round()
        round()
        round()
        let low = v0 ^ v1 ^ v2 ^ v3
        v1 ^= 0xdd
        round()
        round()
        round()
        round()
        return (low, v0 ^ v1 ^ v2 ^ v3)
    }

    private static func word(of bytes: UnsafeRawBufferPointer, from offset: Int) -> UInt64 {
        var word: UInt64 = 0
        var shift: UInt64 = 0
        for index in offset..<bytes.count {
            word |= UInt64(bytes[index]) << shift
            shift += 8
        }
        return word
    }

    private mutating func round() {
        v0 = v0 &+ v1
        v1 = Self.rotated(v1, by: 13) ^ v0
        v0 = Self.rotated(v0, by: 32)
        v2 = v2 &+ v3
        v3 = Self.rotated(v3, by: 16) ^ v2
        v0 = v0 &+ v3
        v3 = Self.rotated(v3, by: 21) ^ v0
        v2 = v2 &+ v1
        v1 = Self.rotated(v1, by: 17) ^ v2
        v2 = Self.rotated(v2, by: 32)
    }

    private static func rotated(_ value: UInt64, by bits: UInt64) -> UInt64 {
        value << bits | value >> (64 - bits)
    }
}
