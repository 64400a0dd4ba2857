/// 28 bytes that no other message under the same key has: 16 that name a subkey, and the 12 of AES-GCM under it.
///
/// Our sealer keeps a subkey for up to a minute, counts messages in the first four bytes behind it and fills the rest with
/// random bits. Another one may as well draw all 28 at random for each message. A nonce is never made from what is sealed.
package struct EMCLNonce: Sendable, Hashable {
    /// How many bytes it has.
    package static let byteCount = 28
    /// How many of them name the subkey.
    static let saltByteCount = 16

    private let saltHigh: UInt64
    private let saltLow: UInt64
    private let count: UInt32
    private let random: UInt64

    init(salt: (UInt64, UInt64), count: UInt32, random: UInt64) {
        (saltHigh, saltLow) = salt
        self.count = count
        self.random = random
    }

    /// Takes 28 bytes; nil for another number.
    init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        let count = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: Self.saltByteCount, as: UInt32.self))
        self.init(salt: (word(0), word(8)), count: count, random: word(20))
    }

    /// Takes 28 bytes; nil for another number.
    package init?(_ bytes: [UInt8]) {
        guard let nonce = bytes.withUnsafeBytes({ EMCLNonce($0) }) else { return nil }
        self = nonce
    }

    /// The bytes.
    package var bytes: [UInt8] { withBytes { Array($0) } }

    /// What names the subkey.
    var salt: (high: UInt64, low: UInt64) { (saltHigh, saltLow) }

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        let words = (
            saltHigh.bigEndian, saltLow.bigEndian, count.bigEndian, UInt32(truncatingIfNeeded: random >> 32).bigEndian,
            UInt32(truncatingIfNeeded: random).bigEndian
        )
        return try withUnsafeBytes(of: words) { try body(UnsafeRawBufferPointer(rebasing: $0[..<Self.byteCount])) }
    }

    /// Writes the bytes.
    @inline(__always)
    func append(to writer: inout MemoryWriter) {
        writer.append(bigEndian: saltHigh)
        writer.append(bigEndian: saltLow)
        writer.append(bigEndian: count)
        writer.append(bigEndian: random)
    }

    /// The last twelve bytes, which are AES-GCM's own.
    func withCipherNonce<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        withBytes { body(UnsafeRawBufferPointer(rebasing: $0[Self.saltByteCount...])) }
    }
}
