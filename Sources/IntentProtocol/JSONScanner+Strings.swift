extension JSONScanner {
    /// Where the text of a string stands, without its quotes.
    struct StringText {
        var start: Int
        var end: Int
        /// Whether a backslash occurs in it.
        var isEscaped: Bool

        var range: ByteRange { ByteRange(start, end) }
    }

    /// Passes a string whose opening quote is at the position.
    @inline(__always)
    mutating func scanString() throws(ScanFault) -> StringText {
        guard byte == UInt8(ascii: "\"") else { throw unexpected }
        let start = position + 1
        let stop = firstSpecial(from: start)
        guard stop < end, base[stop] == UInt8(ascii: "\""), stop - start <= stringBytesMax else {
            return try scanDifficultString(start, from: stop)
        }
        position = stop + 1
        return StringText(start: start, end: stop, isEscaped: false)
    }

    /// The first byte from `start` on that is a quote, a backslash, a control character or not ASCII; `end` if none.
    @inline(__always)
    func firstSpecial(from start: Int) -> Int {
        var index = start
        while index + 8 <= end {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + index).loadUnaligned(as: UInt64.self))
            let special = Self.specialBytes(of: word)
            if special != 0 { return index + special.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < end {
            let byte = base[index]
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") || byte &- 0x20 >= 0x60 { return index }
            index += 1
        }
        return end
    }

    /// Eight bytes at once: the lowest bit that is set belongs to the first special byte.
    ///
    /// A subtraction borrows only out of a byte that is itself special, so bits above the lowest may be wrong and the
    /// lowest is not.
    @inline(__always)
    private static func specialBytes(of word: UInt64) -> UInt64 {
        let quotes = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslashes = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
        let controls = word &- 0x2020_2020_2020_2020
        return (quotes | backslashes | controls | word) & 0x8080_8080_8080_8080
    }

    /// Passes a string with escapes or characters beyond ASCII, or refuses it.
    @inline(never)
    private mutating func scanDifficultString(_ start: Int, from stop: Int) throws(ScanFault) -> StringText {
        var index = stop
        var isEscaped = false
        while true {
            guard index < end else { throw .syntax(.unexpectedEnd, at: end) }
            guard index - start <= stringBytesMax else { throw .syntax(.stringTooLong, at: start - 1) }
            switch base[index] {
            case UInt8(ascii: "\""):
                position = index + 1
                return StringText(start: start, end: index, isEscaped: isEscaped)
            case UInt8(ascii: "\\"):
                isEscaped = true
                index = try skipEscape(at: index)
            case 0..<0x20: throw .syntax(.controlCharacter, at: index)
            case 0x80...: index = try skipSequence(at: index)
            default: index = firstSpecial(from: index)
            }
        }
    }

    /// Passes one escape, a surrogate pair being one.
    private func skipEscape(at index: Int) throws(ScanFault) -> Int {
        guard index + 1 < end else { throw .syntax(.unexpectedEnd, at: end) }
        switch base[index + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            return index + 2
        case UInt8(ascii: "u"): break
        default: throw .syntax(.invalidEscape, at: index)
        }
        let unit = try hexUnit(at: index)
        guard unit & 0xF800 == 0xD800 else { return index + 6 }
        guard unit & 0xFC00 == 0xD800, index + 7 < end, base[index + 6] == UInt8(ascii: "\\"),
            base[index + 7] == UInt8(ascii: "u")
        else { throw .syntax(.loneSurrogate, at: index) }
        guard try hexUnit(at: index + 6) & 0xFC00 == 0xDC00 else { throw .syntax(.loneSurrogate, at: index) }
        return index + 12
    }

    /// The UTF-16 unit of the `\uXXXX` at an index.
    private func hexUnit(at index: Int) throws(ScanFault) -> UInt16 {
        guard index + 6 <= end else { throw .syntax(.unexpectedEnd, at: end) }
        guard let unit = JSONStringText.hexUnit(base + index + 2) else { throw .syntax(.invalidEscape, at: index) }
        return unit
    }

    /// Passes one UTF-8 sequence of two to four bytes; overlong forms, surrogates and beyond U+10FFFF are refused.
    private func skipSequence(at index: Int) throws(ScanFault) -> Int {
        let lead = base[index]
        let second = index + 1 < end ? base[index + 1] : 0
        let length: Int
        let isSecondValid: Bool
        switch lead {
        case 0xC2...0xDF: (length, isSecondValid) = (2, second & 0xC0 == 0x80)
        case 0xE0: (length, isSecondValid) = (3, second & 0xE0 == 0xA0)
        case 0xED: (length, isSecondValid) = (3, second & 0xE0 == 0x80)
        case 0xE1...0xEF: (length, isSecondValid) = (3, second & 0xC0 == 0x80)
        case 0xF0: (length, isSecondValid) = (4, second & 0xC0 == 0x80 && second >= 0x90)
        case 0xF1...0xF3: (length, isSecondValid) = (4, second & 0xC0 == 0x80)
        case 0xF4: (length, isSecondValid) = (4, second & 0xF0 == 0x80)
        default: throw .syntax(.invalidUTF8, at: index)
        }
        guard isSecondValid, index + length <= end else { throw .syntax(.invalidUTF8, at: index) }
        for offset in 2..<max(length, 2) where base[index + offset] & 0xC0 != 0x80 {
            throw .syntax(.invalidUTF8, at: index)
        }
        return index + length
    }
}
