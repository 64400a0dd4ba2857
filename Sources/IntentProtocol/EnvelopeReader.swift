/// The one pass over a request body: validates the JSON and the protocol together and notes where the fields stand.
struct EnvelopeReader {
    var scanner: JSONScanner
    let limits: EnvelopeLimits
    var fields = EnvelopeFields()
    /// The frame's headers as a whole value; absent when the body has none.
    private(set) var headers = ByteRange.absent
    private(set) var isFrame: Bool
    private let skipsEnvelope: Bool
    /// Where `"messageType":"emcl"` stands.
    private var encryption: Int?
    /// Where a `body` stands that is no object.
    private var strayBody: Int?

    /// What is known of the body beforehand; more than nothing only on a second look, after a refusal.
    enum Expectation {
        case nothing
        case frame
        /// Look at the frame alone: the envelope in it is checked as JSON only.
        case frameAround
    }

    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: EnvelopeLimits, expecting: Expectation = .nothing) {
        scanner = JSONScanner(bytes, limits: limits.json)
        self.limits = limits
        isFrame = expecting == .frame
        skipsEnvelope = expecting == .frameAround
    }

    /// The members of the outermost object that make a frame.
    private enum FrameMember: UInt16 {
        case `protocol`, messageType, headers, body
    }

    /// Reads the whole body.
    mutating func read() throws(ScanFault) {
        try scanner.begin()
        if scanner.position == scanner.end { throw .syntax(.unexpectedEnd, at: scanner.end) }
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be a JSON object", at: scanner.position) }
        try readOuterObject()
        try scanner.finish()
        if let encryption { throw .invalid("no EMCL key is configured", at: encryption, .emclFailure) }
    }

    /// Reads a frame or a bare envelope, whichever its keys show it to be.
    private mutating func readOuterObject() throws(ScanFault) {
        let start = scanner.position
        var frame = SeenMembers<FrameMember>()
        var envelope = SeenMembers<EnvelopeMember>()
        var unknown = RecentKeys()
        if try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) {
            repeat {
                let key = try scanner.scanMemberKey()
                if try !readFrameMember(key, &frame, afterEnvelope: !envelope.isEmpty) {
                    try readBareMember(key, &envelope, &unknown)
                }
            } while try scanner.continues(closing: UInt8(ascii: "}"))
        }
        if isFrame {
            if let strayBody { throw .invalid("must be an object", at: strayBody, .protocolError) }
            guard frame.contains(.body) || encryption != nil else { throw .missing("body", at: start, .protocolError) }
        } else if !skipsEnvelope {
            try requireMembers(envelope, at: start)
        }
    }

    /// Reads a member of a frame; false when the key is none of a frame's.
    @inline(__always)
    private mutating func readFrameMember(
        _ key: KeyText, _ seen: inout SeenMembers<FrameMember>, afterEnvelope: Bool
    ) throws(ScanFault) -> Bool {
        if key.matches("body") {
            try seen.claim(.body, key)
            guard scanner.byte == UInt8(ascii: "{") else {
                strayBody = scanner.position
                try scanner.skipValue(depth: 2, watch: .off)
                return true
            }
            try becomeFrame(afterEnvelope)
            try readBody()
        } else if key.matches("protocol") {
            try seen.claim(.protocol, key)
            try becomeFrame(afterEnvelope)
            try readProtocol()
        } else if key.matches("messageType") {
            try seen.claim(.messageType, key)
            try becomeFrame(afterEnvelope)
            try readMessageType()
        } else if key.matches("headers") {
            try seen.claim(.headers, key)
            let start = scanner.position
            try scanner.skipValue(depth: 2, watch: .off)
            headers = ByteRange(start, scanner.position)
        } else {
            return false
        }
        return true
    }

    private mutating func becomeFrame(_ afterEnvelope: Bool) throws(ScanFault) {
        guard !isFrame else { return }
        isFrame = true
        if afterEnvelope { throw .frameAfterAll }
    }

    private mutating func readBareMember(
        _ key: KeyText, _ seen: inout SeenMembers<EnvelopeMember>, _ unknown: inout RecentKeys
    ) throws(ScanFault) {
        guard isFrame || skipsEnvelope else { return try readEnvelopeMember(key, &seen, &unknown) }
        try skipUnknown(key, &unknown)
    }

    private mutating func readBody() throws(ScanFault) {
        guard encryption == nil, !skipsEnvelope else { return try scanner.skipValue(depth: 1, watch: .off) }
        let start = scanner.position
        var seen = SeenMembers<EnvelopeMember>()
        var unknown = RecentKeys()
        // The frame is no level: what is accepted as a bare envelope must be accepted when it is forwarded in a frame.
        if try scanner.opens(UInt8(ascii: "{"), closing: UInt8(ascii: "}"), depth: 1) {
            repeat {
                let key = try scanner.scanMemberKey()
                try readEnvelopeMember(key, &seen, &unknown)
            } while try scanner.continues(closing: UInt8(ascii: "}"))
        }
        try requireMembers(seen, at: start)
    }

    private mutating func readProtocol() throws(ScanFault) {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "\"") else { throw .invalid("must be a string", at: start, .protocolError) }
        let text = try scanner.scanString()
        let prefix: StaticString = "INTENTUSNET/"
        let count = prefix.utf8CodeUnitCount
        guard text.end - text.start > count, equalBytes(scanner.base + text.start, prefix.utf8Start, count),
            isVersionOne(text.start + count..<text.end), text.end - text.start > count + 1
        else { throw .invalid("must be INTENTUSNET/1.x", at: start, .protocolError) }
    }

    private mutating func readMessageType() throws(ScanFault) {
        let start = scanner.position
        guard scanner.byte == UInt8(ascii: "\"") else { throw .invalid("must be a string", at: start, .protocolError) }
        let type = try scanner.scanKey()
        if type.matches("intent") { return }
        guard !type.matches("emcl") else {
            encryption = start
            return
        }
        guard !type.matches("response"), !type.matches("error") else {
            throw .invalid("must be intent in a request", at: start, .protocolError)
        }
        throw .invalid("unknown message type", at: start, .protocolError)
    }
}
