extension UnsafeRawBufferPointer {
    /// Whether the bytes from an offset on are these.
    func holds(_ part: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard offset >= 0, part.count <= count - offset else { return false }
        // From the end: values of policies mostly begin alike (`cluster.local/ns/…`, `/api/v1/…`). What is left at the front
        // is compared by words that reach over bytes which were compared already.
        var index = part.count
        if index >= 8 {
            while index > 8 {
                index -= 8
                guard isSameWord(part, at: index, offset, as: UInt64.self) else { return false }
            }
            return isSameWord(part, at: 0, offset, as: UInt64.self)
        }
        if index >= 4 {
            return isSameWord(part, at: index - 4, offset, as: UInt32.self)
                && isSameWord(part, at: 0, offset, as: UInt32.self)
        }
        while index > 0 {
            index -= 1
            guard self[offset + index] == part[index] else { return false }
        }
        return true
    }

    @inline(__always)
    private func isSameWord<Word: FixedWidthInteger & BitwiseCopyable>(
        _ part: UnsafeRawBufferPointer, at index: Int, _ offset: Int, as word: Word.Type
    ) -> Bool {
        loadUnaligned(fromByteOffset: offset + index, as: word) == part.loadUnaligned(fromByteOffset: index, as: word)
    }

    /// The same with the ASCII letters of this text, not of the part, in lower case.
    func lowercasedHolds(_ part: UnsafeRawBufferPointer, at offset: Int) -> Bool {
        guard offset >= 0, part.count <= count - offset else { return false }
        for index in part.indices where self[offset + index].asciiLowercased != part[index] { return false }
        return true
    }

    /// Whether the whole text is this.
    func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        count == other.count && holds(other, at: 0)
    }

    /// The bytes of a range that lies within this text.
    func part(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[range])
    }

    /// Whether the whole text fits a pattern whose stars stand for any bytes, none included.
    func fits(glob pattern: UnsafeRawBufferPointer) -> Bool {
        var text = 0
        var place = 0
        // Where to go on when the last star has to take one byte more.
        var retry: (text: Int, place: Int)?
        while text < count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                place += 1
                retry = (text, place)
            } else if place < pattern.count, pattern[place] == self[text] {
                text += 1
                place += 1
            } else if let last = retry {
                text = last.text + 1
                place = last.place
                retry = (text, place)
            } else {
                return false
            }
        }
        while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
        return place == pattern.count
    }

    /// A number that is the same for the same bytes; the keys it is used for are the operator's own, not a caller's.
    var keyHash: UInt64 {
        var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: count)
        var index = 0
        while index + 8 <= count {
            hash = Self.mix(hash ^ loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        var rest: UInt64 = 0
        while index < count {
            rest = rest << 8 | UInt64(self[index])
            index += 1
        }
        return Self.mix(hash ^ rest)
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        let product = value.multipliedFullWidth(by: 0xbf58_476d_1ce4_e5b9)
        return product.high ^ product.low
    }
}

extension UInt8 {
    var asciiLowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
