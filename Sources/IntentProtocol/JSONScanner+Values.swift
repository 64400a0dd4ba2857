extension JSONScanner {
    /// Passes a value of any kind.
    ///
    /// - Parameter depth: the level that the value has if it is an object or an array.
    mutating func skipValue(depth: Int, watch: DangerWatch) throws(ScanFault) {
        switch byte {
        case UInt8(ascii: "\""): _ = try scanString()
        case UInt8(ascii: "{"): try skipObject(depth: depth, watch: watch)
        case UInt8(ascii: "["): try skipArray(depth: depth, watch: watch)
        case UInt8(ascii: "t"): try skipLiteral("true")
        case UInt8(ascii: "f"): try skipLiteral("false")
        case UInt8(ascii: "n"): try skipLiteral("null")
        default: try scanNumber()
        }
    }

    /// Passes an object; a key that occurs twice is refused.
    mutating func skipObject(depth: Int, watch: DangerWatch) throws(ScanFault) {
        guard try opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: depth) else { return }
        var keys = RecentKeys()
        repeat {
            let key = try scanMemberKey()
            try note(key, in: &keys)
            if watch != .off, key.isDangerous { sawDangerousKey = true }
            try skipValue(depth: depth + 1, watch: watch.inside)
        } while try continues(closing: UInt8(ascii: "}"))
    }

    /// Passes an array.
    mutating func skipArray(depth: Int, watch: DangerWatch) throws(ScanFault) {
        guard try opens(UInt8(ascii: "["), closing: UInt8(ascii: "]"), depth: depth) else { return }
        repeat {
            try skipValue(depth: depth + 1, watch: watch.inside)
        } while try continues(closing: UInt8(ascii: "]"))
    }

    /// Passes `true`, `false` or `null`.
    @inline(__always)
    mutating func skipLiteral(_ literal: StaticString) throws(ScanFault) {
        let start = position
        for index in 0..<literal.utf8CodeUnitCount {
            guard byte == literal.utf8Start[index] else { throw unexpectedToken(at: start) }
            position += 1
        }
    }

    /// The fault of something that is no value: the tokens that some encoders emit are named.
    func unexpectedToken(at start: Int) -> ScanFault {
        guard start < end else { return .syntax(.unexpectedEnd, at: end) }
        let isSigned = base[start] == UInt8(ascii: "-")
        let word = start + (isSigned ? 1 : 0)
        for token in ["NaN", "Infinity"] as [StaticString] {
            let count = token.utf8CodeUnitCount
            guard word + count <= end else { continue }
            if equalBytes(base + word, token.utf8Start, count) { return .syntax(.notFinite, at: start) }
        }
        return .syntax(position < end ? .unexpectedByte : .unexpectedEnd, at: position)
    }

    /// Counts a member of an object without a schema, and refuses a key that the object has already.
    @inline(__always)
    mutating func note(_ key: KeyText, in keys: inout RecentKeys) throws(ScanFault) {
        membersLeft -= 1
        guard membersLeft >= 0 else { throw .syntax(.tooManyMembers, at: key.quoteOffset) }
        let isNew = keys.holds(key) ? keys.insert(key, base) : noteInLedger(key, &keys)
        guard isNew else { throw .syntax(.duplicateKey, at: key.quoteOffset) }
    }

    /// Large objects and escaped keys are compared by a keyed hash, so that hostile keys cost linear time.
    @inline(never)
    private mutating func noteInLedger(_ key: KeyText, _ keys: inout RecentKeys) -> Bool {
        if keys.ledgerObject == 0 {
            keys.ledgerObject = ledger.nextObject()
            for index in 0..<keys.count {
                _ = ledger.insert(keys[index], object: keys.ledgerObject, base)
            }
        }
        return ledger.insert(key.mark, object: keys.ledgerObject, base)
    }
}
