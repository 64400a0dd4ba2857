extension SealedFrame {
    /// Reads a body of profile `v2` as our own parts write it: its members in the order of ``Member``, without a space, every text in ASCII
    /// and without escapes, and the ciphertext last.
    ///
    /// What must come is compared and nothing is looked up, and the ciphertext is not looked through: it goes to where the body ends. Any
    /// member that the direction asks for came before it, so that nothing is accepted that could stand in it; and it is base64, whose
    /// reader takes neither quotes nor escapes.
    ///
    /// - Parameter closing: what follows the last character of the ciphertext, up to the end.
    /// - Returns: false, and nothing read, when something is written otherwise: then the reader that takes every spelling must look.
    mutating func readOrdinaryBody(_ scanner: inout JSONScanner, closing: StaticString) -> Bool {
        let start = scanner.position
        guard passMembers(&scanner, closing: closing) else {
            scanner.position = start
            return false
        }
        return true
    }

    /// The same frame, every byte of it looked at.
    ///
    /// Only where the ciphertext is no base64 can that say anything else: then somebody put members into it.
    package func lookedThrough() throws(Fault) -> SealedFrame {
        guard isOrdinary else { return self }
        var frame = SealedFrame(storage: storage)
        _ = try frame.scan { (scanner, frame) throws(ScanFault) in
            let isBody = !scanner.passes(Self.head)
            try frame.readBody(&scanner)
            if !isBody, try scanner.continues(closing: UInt8(ascii: "}")) { throw scanner.unexpected }
            try scanner.finish()
            return true
        }
        return frame
    }

    @inline(__always)
    private mutating func passMembers(_ scanner: inout JSONScanner, closing: StaticString) -> Bool {
        guard scanner.passes(#"{"emcl":"v2","kid":""#) else { return false }
        clear()
        // The literal was compared, and the profile's two characters stand before `","kid":"`.
        let emcl = scanner.position - 11
        note(.emcl, Place(range: ByteRange(emcl, emcl + 2)))
        guard passText(.kid, &scanner), scanner.passes(#"","direction":""#), passText(.direction, &scanner),
            scanner.passes(#"","time":"#)
        else { return false }
        let time = scanner.position
        scanner.skipDigits()
        note(.time, Place(range: ByteRange(time, scanner.position)))
        let texts = scanner.position
        guard texts > time, scanner.passes(#","caller":""#), passText(.caller, &scanner),
            scanner.passes(#"","tenant":""#), passText(.tenant, &scanner),
            scanner.passes(#"","audience":""#), passText(.audience, &scanner),
            scanner.passes(#"","intent":""#), passText(.intent, &scanner),
            scanner.passes(#"","intentVersion":""#), passText(.intentVersion, &scanner),
            scanner.passes(#"","requestId":""#), passText(.requestId, &scanner)
        else { return false }
        let endOfTexts = scanner.position + 1
        guard scanner.passes(#"","nonce":""#), passText(.nonce, &scanner) else { return false }
        if scanner.passes(#"","inReplyTo":""#) {
            guard passText(.inReplyTo, &scanner) else { return false }
        }
        let answers = plain(.direction, is: "answer") || plain(.direction, is: "reply")
        guard has(.inReplyTo) == answers, scanner.passes(#"","cipherText":""#) else { return false }
        let cipherText = scanner.position
        let end = scanner.end - closing.utf8CodeUnitCount
        scanner.position = end
        guard end >= cipherText, scanner.passes(closing) else { return false }
        note(.cipherText, Place(range: ByteRange(cipherText, end)))
        textMembers = ByteRange(texts, endOfTexts)
        return true
    }

    /// Passes a text up to its closing quote.
    @inline(__always)
    private mutating func passText(_ member: Member, _ scanner: inout JSONScanner) -> Bool {
        let start = scanner.position
        let stop = scanner.firstSpecial(from: start)
        guard stop < scanner.end, scanner.base[stop] == UInt8(ascii: "\"") else { return false }
        note(member, Place(range: ByteRange(start, stop)))
        scanner.position = stop
        return true
    }
}

extension JSONScanner {
    /// Passes digits, if any.
    @inline(__always)
    fileprivate mutating func skipDigits() {
        while position < end, base[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    }
}
