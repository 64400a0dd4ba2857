extension EnvelopeReader {
    /// Reads a string of at most `max` bytes.
    @inline(__always)
    mutating func readText(max: Int) throws(ScanFault) -> ByteRange {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "\"") else { throw .invalid("must be a string", at: start) }
        let text = try scanner.scanString()
        guard text.end - text.start <= max else { throw .invalid("is too long", at: start) }
        return text.range
    }

    /// Reads a string or null; null and the empty string are both absent.
    mutating func readOptionalText(max: Int) throws(ScanFault) -> ByteRange {
        if try skipsNull() { return .absent }
        guard scanner.byte == UInt8(ascii: "\"") else {
            throw .invalid("must be a string or null", at: scanner.position)
        }
        let text = try readText(max: max)
        return text.isEmpty ? .absent : text
    }

    /// Passes a null if one stands here.
    @inline(__always)
    mutating func skipsNull() throws(ScanFault) -> Bool {
        guard scanner.byte == UInt8(ascii: "n") else { return false }
        try scanner.skipLiteral("null")
        return true
    }

    /// Reads a list of names.
    mutating func readNames(depth: Int) throws(ScanFault) -> ListRange {
        try readList(depth: depth) { (reader: inout EnvelopeReader) throws(ScanFault) in
            _ = try reader.readText(max: reader.limits.nameBytesMax)
        }
    }

    /// Reads the identity chain and notes whether a bearer token is in it.
    mutating func readIdentityChain(depth: Int) throws(ScanFault) {
        fields.identityChain = try readList(depth: depth) { (reader: inout EnvelopeReader) throws(ScanFault) in
            let start = reader.scanner.position
            let text = try reader.readText(max: .max)
            let raw = UnsafeBufferPointer(start: reader.scanner.base + Int(text.start), count: text.count)
            guard BearerEntry.isBearer(raw) else {
                if text.count > reader.limits.chainEntryBytesMax { throw .invalid("is too long", at: start) }
                return
            }
            guard BearerEntry.token(raw).utf8.count <= reader.limits.tokenBytesMax else {
                throw .invalid("the token is too long", at: start)
            }
            reader.fields.chainHoldsToken = true
        }
    }

    @inline(__always)
    private mutating func readList(
        depth: Int, _ readEntry: (inout EnvelopeReader) throws(ScanFault) -> Void
    ) throws(ScanFault) -> ListRange {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "[") else { throw .invalid("must be a list of strings", at: start) }
        guard try scanner.opens(UInt8(ascii: "["), closing: UInt8(ascii: "]"), depth: depth) else {
            return ListRange(range: ByteRange(start, scanner.position), count: 0)
        }
        var count = 0
        repeat {
            count += 1
            guard count <= limits.listEntriesMax else { throw .invalid("too many entries", at: scanner.position) }
            try readEntry(&self)
        } while try scanner.continues(closing: UInt8(ascii: "]"))
        return ListRange(range: ByteRange(start, scanner.position), count: Int32(truncatingIfNeeded: count))
    }

    mutating func readPriority() throws(ScanFault) -> IntentPriority {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "\"") else { throw .invalid("must be a string", at: start) }
        let name = try scanner.scanKey()
        if name.matches("normal") { return .normal }
        if name.matchesAnyCase("normal") { return .normal }
        if name.matchesAnyCase("low") { return .low }
        if name.matchesAnyCase("high") { return .high }
        throw .invalid("must be low, normal or high", at: start)
    }

    mutating func readStrategy() throws(ScanFault) -> RoutingStrategy {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "\"") else { throw .invalid("must be a string", at: start) }
        let name = try scanner.scanKey()
        if name.matches("direct") { return .direct }
        if name.matchesAnyCase("direct") { return .direct }
        if name.matchesAnyCase("fallback") { return .fallback }
        if name.matchesAnyCase("broadcast") { return .broadcast }
        if name.matchesAnyCase("parallel") { return .parallel }
        throw .invalid("must be direct, fallback, broadcast or parallel", at: start)
    }

    /// Reads a whole number from 0 to 2147483647, written in digits alone.
    mutating func readCount() throws(ScanFault) -> Int32 {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "-") || scanner.byte &- UInt8(ascii: "0") < 10 else {
            throw .invalid("must be a whole number, 0 or more", at: start)
        }
        try scanner.scanNumber()
        var value: Int64 = 0
        for index in start..<scanner.position {
            let digit = scanner.base[index] &- UInt8(ascii: "0")
            value = value * 10 + Int64(digit)
            guard digit < 10, value <= Int64(Int32.max) else {
                throw .invalid("must be a whole number, 0 or more", at: start)
            }
        }
        return Int32(value)
    }
}

extension KeyText {
    /// Whether the decoded text is `name`, which has at most 16 lower-case letters, in any letter case.
    func matchesAnyCase(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        let letters: UInt64 = 0x2020_2020_2020_2020
        let lower = KeyText(
            quoteOffset: quoteOffset, rawCount: rawCount, isEscaped: isEscaped, count: count,
            head: head | (count < 8 ? letters & ~(~0 &<< UInt64(8 * count)) : letters),
            tail: count > 8 ? tail | letters : 0)
        // Setting bit 5 also maps a few non-letters onto others (`@` onto a backquote), none onto a letter.
        return lower.matches(name)
    }
}
