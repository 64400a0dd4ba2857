/// Sixteen characters of base64 as the six bits that each stands for, in one vector; by shifts, sums and comparisons alone, which
/// every processor has for vectors. Lanes are in the order of memory on machines that are little-endian, as all of ours are.
struct Base64Block {
    /// Bytes that make a block.
    static let byteCount = 12
    /// Characters that make it.
    static let characterCount = 16
    /// Bytes of memory that ``storeBytes(to:)`` writes; those behind the first twelve are of no use.
    static let storedByteCount = 14

    /// What was met in blocks; asked once at the end.
    struct Validity {
        fileprivate var seen = Bytes(repeating: 0)

        /// Whether there were no characters but the 64.
        @inline(__always)
        var isValid: Bool {
            let halves = unsafeBitCast(seen, to: Longs.self)
            return (halves[0] | halves[1]) & 0xC0C0_C0C0_C0C0_C0C0 == 0
        }
    }

    // Operators of vectors are instructions only where their types are stated: constants without are loops over lanes.
    fileprivate typealias Bytes = SIMD16<Int8>
    fileprivate typealias Shorts = SIMD8<UInt16>
    fileprivate typealias Words = SIMD4<UInt32>
    fileprivate typealias Longs = SIMD2<UInt64>

    /// In each byte six bits.
    private let sextets: Bytes

    /// Reads twelve bytes, and not one more.
    @inline(__always)
    init(bytes source: UnsafeRawPointer) {
        let (first, second) = (Self.pairs(source), Self.pairs(source + 3))
        // Groups at 0, 3, 6 and 9, each as two big-endian numbers: its first two bytes, and its last two.
        var groups = Words()
        groups.evenHalf = SIMD2<UInt32>(first[0], first[3])
        groups.oddHalf = SIMD2<UInt32>(second[0], second[3])
        // Twelve bits at the top of each: those of the last two bytes are four places lower.
        let bits = unsafeBitCast(groups, to: Shorts.self) &* Shorts(1, 16, 1, 16, 1, 16, 1, 16)
        let low = (bits &<< Shorts(repeating: 4)) & Shorts(repeating: 0x3F00)
        sextets = unsafeBitCast((bits &>> Shorts(repeating: 10)) | low, to: Bytes.self)
    }

    /// Reads sixteen characters; what is none of the 64 makes ``Validity`` false, and the block means nothing.
    @inline(__always)
    init(characters source: UnsafeRawPointer, _ validity: inout Validity) {
        let characters = source.loadUnaligned(as: Bytes.self)
        // Beyond six bits unless a range says how far to go back; from 192 on the sum passes zero, so that bit is kept.
        var sums = characters &+ Bytes(repeating: 64)
        // Both cases of letters, moved to the end of the numbers, where one comparison does.
        let letters = (characters | Bytes(repeating: 0x20)) &+ Bytes(repeating: 127 - 122)
        sums = sums &+ Self.add(127, where: letters .> Bytes(repeating: 127 - 26))
        sums = sums &+ Self.add(-6, where: characters .> Bytes(repeating: 96))
        let digits = characters &+ Bytes(repeating: 127 - 57)
        sums = sums &+ Self.add(4 - 64, where: digits .> Bytes(repeating: 127 - 10))
        sums = sums &+ Self.add(62 - 43 - 64, where: characters .== Bytes(repeating: 43))
        sums = sums &+ Self.add(63 - 47 - 64, where: characters .== Bytes(repeating: 47))
        validity.seen |= sums | characters & Bytes(repeating: -128)
        sextets = sums
    }

    /// Writes the sixteen characters.
    @inline(__always)
    func storeCharacters(to target: UnsafeMutableRawPointer) {
        // From A, with a step at each place where the alphabet leaves the order of its codes.
        var characters = sextets &+ Bytes(repeating: 65)
        characters = characters &+ Self.add(97 - 65 - 26, where: sextets .> Bytes(repeating: 25))
        characters = characters &+ Self.add(48 - 97 - 26, where: sextets .> Bytes(repeating: 51))
        characters = characters &+ Self.add(43 - 48 - 10, where: sextets .> Bytes(repeating: 61))
        characters = characters &+ Self.add(47 - 43 - 1, where: sextets .> Bytes(repeating: 62))
        target.storeBytes(of: characters, as: Bytes.self)
    }

    /// Writes the twelve bytes and two more; see ``storedByteCount``.
    @inline(__always)
    func storeBytes(to target: UnsafeMutableRawPointer) {
        let halves = joined
        target.storeBytes(of: halves[0].bigEndian, as: UInt64.self)
        (target + 6).storeBytes(of: halves[1].bigEndian, as: UInt64.self)
    }

    /// Writes the twelve bytes alone.
    @inline(__always)
    func storeExactBytes(to target: UnsafeMutableRawPointer) {
        let halves = joined
        target.storeBytes(of: halves[0].bigEndian, as: UInt64.self)
        (target + 6).storeBytes(of: UInt32(truncatingIfNeeded: halves[1] &>> 32).bigEndian, as: UInt32.self)
        (target + 10).storeBytes(of: UInt16(truncatingIfNeeded: halves[1] &>> 16).bigEndian, as: UInt16.self)
    }

    /// Six bytes at the top of each half, as a number.
    @inline(__always)
    private var joined: Longs {
        let ones = unsafeBitCast(sextets, to: Shorts.self)
        let upper = (ones &<< Shorts(repeating: 6)) & Shorts(repeating: 0x0FC0)
        let twos = unsafeBitCast(upper | (ones &>> Shorts(repeating: 8)), to: Words.self)
        let higher = (twos &<< Words(repeating: 12)) & Words(repeating: 0x00FF_F000)
        let fours = unsafeBitCast(higher | (twos &>> Words(repeating: 16)), to: Longs.self)
        return (fours &<< Longs(repeating: 40)) | (fours &>> Longs(repeating: 16))
    }

    /// Each byte of eight with the one behind it, as big-endian numbers of 16 bits, two in a lane.
    @inline(__always)
    private static func pairs(_ source: UnsafeRawPointer) -> Words {
        var pairs = SIMD16<UInt8>()
        pairs.evenHalf = (source + 1).loadUnaligned(as: SIMD8<UInt8>.self)
        pairs.oddHalf = source.loadUnaligned(as: SIMD8<UInt8>.self)
        return unsafeBitCast(pairs, to: Words.self)
    }

    /// The number in the lanes that a comparison found true, and zero in the others: a mask is all ones or all zeros.
    @inline(__always)
    private static func add(_ number: Int8, where mask: SIMDMask<Bytes>) -> Bytes {
        unsafeBitCast(mask, to: Bytes.self) & Bytes(repeating: number)
    }
}
