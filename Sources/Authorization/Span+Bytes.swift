extension Span where Element == UInt8 {
    /// Whether the bytes from an offset on are these.
    func holds(_ part: Span<UInt8>, at offset: Int) -> Bool {
        guard offset >= 0, part.count <= count - offset else { return false }
        return withUnsafeBytes { text in
            part.withUnsafeBytes { part in
                // The bounds were checked above, once instead of for each byte.
                var index = 0
                while index + 8 <= part.count {
                    let wanted = part.loadUnaligned(fromByteOffset: index, as: UInt64.self)
                    guard text.loadUnaligned(fromByteOffset: offset + index, as: UInt64.self) == wanted else {
                        return false
                    }
                    index += 8
                }
                while index < part.count {
                    guard text[offset + index] == part[index] else { return false }
                    index += 1
                }
                return true
            }
        }
    }

    /// The same with the ASCII letters of this text, not of the part, in lower case.
    func lowercasedHolds(_ part: Span<UInt8>, at offset: Int) -> Bool {
        guard offset >= 0, part.count <= count - offset else { return false }
        for index in part.indices where self[offset + index].asciiLowercased != part[index] { return false }
        return true
    }

    /// Whether the whole text is this.
    func isSame(as other: Span<UInt8>) -> Bool {
        count == other.count && holds(other, at: 0)
    }

    /// Whether the whole text fits a pattern whose stars stand for any bytes, none included.
    func fits(glob pattern: Span<UInt8>) -> Bool {
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
        withUnsafeBytes { bytes in
            var hash: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(truncatingIfNeeded: bytes.count)
            var index = 0
            while index + 8 <= bytes.count {
                hash = Self.mix(hash ^ bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                index += 8
            }
            var rest: UInt64 = 0
            while index < bytes.count {
                rest = rest << 8 | UInt64(bytes[index])
                index += 1
            }
            return Self.mix(hash ^ rest)
        }
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
