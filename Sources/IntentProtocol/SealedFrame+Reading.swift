extension SealedFrame {
    mutating func scan(
        _ read: (inout JSONScanner, inout SealedFrame) throws(ScanFault) -> Bool
    ) throws(Fault) -> Bool {
        var limits = JSONLimits()
        limits.stringBytesMax = storage.count
        return try storage.withUnsafeBufferPointer { (bytes) throws(Fault) -> Bool in
            var scanner = JSONScanner(bytes, limits: limits)
            do throws(ScanFault) { return try read(&scanner, &self) } catch {
                if case .syntax(.stringTooLong, _) = error { throw .tooLarge }
                throw .malformed
            }
        }
    }

    private enum FrameMember: UInt16 {
        case `protocol`, messageType, headers, body
    }

    /// Reads the outer object; false as soon as it is known to be none of ours.
    static func readFrame(
        _ scanner: inout JSONScanner, _ frame: inout SealedFrame, isTooLarge: Bool
    ) throws(ScanFault) -> Bool {
        // How our own parts write it: nothing in it is left to be looked at.
        if scanner.passes(head) {
            guard !isTooLarge else { throw .syntax(.stringTooLong, at: 0) }
            if frame.readOrdinaryBody(&scanner, closing: "\"}}") { return true }
            scanner.skipWhitespace()
            try frame.readBody(&scanner)
            guard try !scanner.continues(closing: UInt8(ascii: "}")) else { throw scanner.unexpected }
            try scanner.finish()
            return true
        }
        guard let isSealed = try? findType(&scanner), isSealed else { return false }
        // Only now is it worth an answer of its own; the position goes back to read everything strictly.
        guard !isTooLarge else { throw .syntax(.stringTooLong, at: 0) }
        scanner.position = 0
        try scanner.begin()
        var seen = SeenMembers<FrameMember>()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return false }
        repeat {
            let key = try scanner.scanMemberKey()
            let member = try frameMember(key)
            try seen.claim(member, key)
            switch member {
            case .protocol:
                guard try scanner.scanKey().matches("INTENTUSNET/1.0") else { throw scanner.unexpected }
            case .messageType: _ = try scanner.scanKey()
            case .headers: try scanner.skipObject(depth: 2, watch: .off)
            case .body: try frame.readBody(&scanner)
            }
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        try scanner.finish()
        guard seen.contains(.protocol), seen.contains(.body) else { throw .syntax(.unexpectedEnd, at: 0) }
        return true
    }

    /// Passes the members before `messageType`, and tells whether that is `emcl`.
    private static func findType(_ scanner: inout JSONScanner) throws(ScanFault) -> Bool {
        try scanner.begin()
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return false }
        repeat {
            let key = try scanner.scanMemberKey()
            if key.matches("messageType") { return try scanner.scanKey().matches("emcl") }
            guard key.matches("protocol") || key.matches("headers") else { return false }
            try scanner.skipValue(depth: 2, watch: .off)
        } while try scanner.continues(closing: UInt8(ascii: "}"))
        return false
    }

    private static func frameMember(_ key: KeyText) throws(ScanFault) -> FrameMember {
        if key.matches("protocol") { return .protocol }
        if key.matches("messageType") { return .messageType }
        if key.matches("headers") { return .headers }
        if key.matches("body") { return .body }
        throw .syntax(.unexpectedByte, at: key.quoteOffset)
    }

    mutating func readBody(_ scanner: inout JSONScanner) throws(ScanFault) {
        clear()
        var seen = SeenMembers<Member>()
        var last: Member?
        guard try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) else { return }
        repeat {
            let key = try scanner.scanMemberKey()
            let member = try Self.bodyMember(key, after: last)
            try seen.claim(member, key)
            last = member
            let start = scanner.position
            switch member {
            case .time:
                try scanner.scanNumber()
                note(member, Place(range: ByteRange(start, scanner.position)))
            case .identityChain:
                try scanner.skipArray(depth: 2, watch: .off)
                note(member, Place(range: ByteRange(start, scanner.position)))
            default:
                let text = try scanner.scanString()
                note(member, Place(range: text.range, isEscaped: text.isEscaped))
            }
        } while try scanner.continues(closing: UInt8(ascii: "}"))
    }

    /// Members come in the order of ``Member`` from our own parts: the next one is tried first.
    private static func bodyMember(_ key: KeyText, after last: Member?) throws(ScanFault) -> Member {
        let start = last.map { $0.rawValue + 1 } ?? 0
        for step in 0..<Member.count {
            if let member = Member(rawValue: (start + step) % Member.count), member.isNamed(by: key) { return member }
        }
        throw .syntax(.unexpectedByte, at: key.quoteOffset)
    }
}

extension SealedFrame.Member {
    fileprivate static let count: UInt16 = 16

    @inline(__always)
    fileprivate func isNamed(by key: KeyText) -> Bool {
        switch self {
        case .emcl: key.matches("emcl")
        case .kid: key.matches("kid")
        case .direction: key.matches("direction")
        case .time: key.matches("time")
        case .caller: key.matches("caller")
        case .tenant: key.matches("tenant")
        case .audience: key.matches("audience")
        case .intent: key.matches("intent")
        case .intentVersion: key.matches("intentVersion")
        case .requestId: key.matches("requestId")
        case .nonce: key.matches("nonce")
        case .inReplyTo: key.matches("inReplyTo")
        case .cipherText: key.matches("cipherText")
        case .iv: key.matches("iv")
        case .tag: key.matches("tag")
        case .identityChain: key.matches("identityChain")
        }
    }
}
