/// A key of an object, decoded as far as is needed to recognise it.
struct KeyText {
    /// Where its opening quote stands.
    let quoteOffset: Int
    /// Bytes between the quotes, as they came.
    let rawCount: Int
    let isEscaped: Bool
    /// Bytes of the decoded key.
    let count: Int
    /// The first eight bytes of the decoded key, filled with zeroes.
    let head: UInt64
    /// The last eight bytes of a decoded key that is longer than eight.
    let tail: UInt64

    /// What a later comparison needs of the key.
    var mark: KeyMark {
        KeyMark(start: Int32(quoteOffset + 1), rawCount: Int32(rawCount), head: head, isEscaped: isEscaped)
    }

    /// Whether the decoded key is `name`, which has at most 16 bytes: length, head and tail then say it all.
    @inline(__always)
    func matches(_ name: StaticString) -> Bool {
        let length = name.utf8CodeUnitCount
        guard count == length, head == Self.word(name, from: 0, count: min(length, 8)) else { return false }
        return length <= 8 || tail == Self.word(name, from: length - 8, count: 8)
    }

    @inline(__always)
    private static func word(_ name: StaticString, from start: Int, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(name.utf8Start[start + index]) << UInt64(8 * index) }
        return word
    }

    /// Whether the payload loses a member of this key: such keys reach into the prototype of JavaScript objects.
    var isDangerous: Bool {
        @inline(__always) get {
            guard count == 9 || count == 11 else { return false }
            return matches("__proto__") || matches("prototype") || matches("constructor")
        }
    }
}

/// A key that was seen before.
struct KeyMark {
    var start: Int32
    var rawCount: Int32
    var head: UInt64
    var isEscaped: Bool
}

extension JSONScanner {
    /// Passes a key.
    @inline(__always)
    mutating func scanKey() throws(ScanFault) -> KeyText {
        let text = try scanString()
        guard !text.isEscaped else { return decodedKey(text) }
        let count = text.end - text.start
        return KeyText(
            quoteOffset: text.start - 1, rawCount: count, isEscaped: false, count: count,
            head: word(at: text.start, count: min(count, 8)),
            tail: count > 8 ? word(at: text.end - 8, count: 8) : 0)
    }

    /// Up to eight bytes as a little-endian word.
    @inline(__always)
    private func word(at start: Int, count: Int) -> UInt64 {
        guard start + 8 <= end else { return Self.word(base + start, count: count) }
        let word = UInt64(littleEndian: UnsafeRawPointer(base + start).loadUnaligned(as: UInt64.self))
        return count == 8 ? word : word & ~(~0 &<< UInt64(8 * count))
    }

    private static func word(_ bytes: UnsafePointer<UInt8>, count: Int) -> UInt64 {
        var word: UInt64 = 0
        for index in 0..<count { word |= UInt64(bytes[index]) << UInt64(8 * index) }
        return word
    }

    @inline(never)
    private func decodedKey(_ text: StringText) -> KeyText {
        let decoded = JSONStringText.decoded(
            UnsafeBufferPointer(start: base + text.start, count: text.end - text.start))
        return decoded.withUnsafeBufferPointer { bytes in
            let count = bytes.count
            return KeyText(
                quoteOffset: text.start - 1, rawCount: text.end - text.start, isEscaped: true, count: count,
                head: bytes.baseAddress.map { Self.word($0, count: min(count, 8)) } ?? 0,
                tail: count > 8 ? bytes.baseAddress.map { Self.word($0 + count - 8, count: 8) } ?? 0 : 0)
        }
    }
}

/// Whether two runs of bytes are equal.
@inline(__always)
func equalBytes(_ one: UnsafePointer<UInt8>, _ other: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    @inline(__always)
    func differ<Word: FixedWidthInteger>(_ index: Int, _ word: Word.Type) -> Bool {
        UnsafeRawPointer(one + index).loadUnaligned(as: word) != UnsafeRawPointer(other + index).loadUnaligned(as: word)
    }
    guard count >= 8 else {
        // Two words that overlap are all of it.
        guard count < 4 else { return !differ(0, UInt32.self) && !differ(count - 4, UInt32.self) }
        guard count < 2 else { return !differ(0, UInt16.self) && !differ(count - 1, UInt8.self) }
        return count < 1 || one[0] == other[0]
    }
    var index = 0
    while index + 8 < count {
        if differ(index, UInt64.self) { return false }
        index += 8
    }
    return !differ(count - 8, UInt64.self)
}

/// Whether two runs of bytes are equal, for those who have both at hand.
package func equalBytes(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count else { return false }
    guard let left = one.baseAddress, let right = other.baseAddress else { return true }
    return equalBytes(
        left.assumingMemoryBound(to: UInt8.self), right.assumingMemoryBound(to: UInt8.self), one.count)
}
