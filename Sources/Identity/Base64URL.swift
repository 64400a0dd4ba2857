/// Base64url as JOSE writes it (RFC 7515 section 2): no padding, no line breaks, unused trailing bits zero.
///
/// A second spelling of the same bytes would be a second token with the same signature, so there is none.
package enum Base64URL {
    /// How many bytes that many characters decode to; nil when no bytes encode to that length.
    @inline(__always)
    static func decodedCount(_ characters: Int) -> Int? {
        switch characters & 3 {
        case 0: characters / 4 * 3
        case 2: characters / 4 * 3 + 1
        case 3: characters / 4 * 3 + 2
        default: nil
        }
    }

    /// Decodes into memory that holds at least ``decodedCount(_:)`` bytes; the count, or nil for anything not canonical.
    static func decode(_ text: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Int? {
        guard let count = decodedCount(text.count), count <= output.count else { return nil }
        return sextets.withUnsafeBufferPointer { decode(text, count: count, into: output, $0) }
    }

    /// Decodes into an array; nil for anything not canonical.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let count = decodedCount(text.count) else { return nil }
        var isValid = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
            isValid = decode(text, into: UnsafeMutableRawBufferPointer(buffer)) != nil
            written = isValid ? count : 0
        }
        return isValid ? bytes : nil
    }

    /// Decodes a string's characters into an array; nil for anything not canonical.
    package static func decode(_ text: String) -> [UInt8]? {
        Array(text.utf8).withUnsafeBytes { decode($0) }
    }

    @inline(__always)
    private static func decode(
        _ text: UnsafeRawBufferPointer, count: Int, into output: UnsafeMutableRawBufferPointer,
        _ table: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        guard count > 0, let source = text.baseAddress, let target = output.baseAddress, let table = table.baseAddress
        else { return text.isEmpty ? 0 : nil }
        @inline(__always)
        func sextet(_ offset: Int) -> UInt32 {
            UInt32(table[Int(source.load(fromByteOffset: offset, as: UInt8.self))])
        }
        var seen: UInt32 = 0
        var read = 0
        var written = 0
        while read &+ 4 <= text.count {
            let (a, b, c, d) = (sextet(read), sextet(read &+ 1), sextet(read &+ 2), sextet(read &+ 3))
            seen |= a | b | c | d
            let word = a &<< 18 | b &<< 12 | c &<< 6 | d
            target.storeBytes(of: UInt8(truncatingIfNeeded: word &>> 16), toByteOffset: written, as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: word &>> 8), toByteOffset: written &+ 1, as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: written &+ 2, as: UInt8.self)
            read &+= 4
            written &+= 3
        }
        switch text.count &- read {
        case 2:
            let (a, b) = (sextet(read), sextet(read &+ 1))
            guard b & 0x0F == 0 else { return nil }
            seen |= a | b
            target.storeBytes(of: UInt8(truncatingIfNeeded: a &<< 2 | b &>> 4), toByteOffset: written, as: UInt8.self)
        case 3:
            let (a, b, c) = (sextet(read), sextet(read &+ 1), sextet(read &+ 2))
            guard c & 0x03 == 0 else { return nil }
            seen |= a | b | c
            let word = a &<< 10 | b &<< 4 | c &>> 2
            target.storeBytes(of: UInt8(truncatingIfNeeded: word &>> 8), toByteOffset: written, as: UInt8.self)
            target.storeBytes(of: UInt8(truncatingIfNeeded: word), toByteOffset: written &+ 1, as: UInt8.self)
        default: break
        }
        return seen & notInAlphabet == 0 ? count : nil
    }

    /// Encodes bytes, in the one spelling that ``decode(_:)`` takes.
    static func encode(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count * 4 + 2) / 3)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            let word = part.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << UInt32(8 * (3 - part.count))
            for place in 0...part.count { text.append(alphabet[Int(word >> UInt32(18 - 6 * place) & 63)]) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static let notInAlphabet: UInt32 = 0x80

    private static let sextets: [UInt8] = {
        var table = [UInt8](repeating: UInt8(notInAlphabet), count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for (value, character) in alphabet.utf8.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()
}
