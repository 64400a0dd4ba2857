/// The members of an envelope.
enum EnvelopeMember: UInt16 {
    case version, intent, payload, context, metadata, routing, routingMetadata
}

extension EnvelopeReader {
    /// The level of an object that stands under a key of the envelope.
    private static let memberDepth = 2

    /// Reads one member of an envelope; unknown ones are passed over.
    @inline(__always)
    mutating func readEnvelopeMember(
        _ key: KeyText, _ seen: inout SeenMembers<EnvelopeMember>, _ unknown: inout RecentKeys
    ) throws(ScanFault) {
        if key.matches("version") {
            try seen.claim(.version, key)
            try readVersion()
        } else if key.matches("intent") {
            try seen.claim(.intent, key)
            try readIntent(depth: Self.memberDepth)
        } else if key.matches("payload") {
            try seen.claim(.payload, key)
            try readPayload(depth: Self.memberDepth)
        } else if key.matches("context") {
            try seen.claim(.context, key)
            try readContext(depth: Self.memberDepth)
        } else if key.matches("metadata") {
            try seen.claim(.metadata, key)
            try readMetadata(depth: Self.memberDepth)
        } else if key.matches("routing") {
            try seen.claim(.routing, key)
            if try !skipsNull() { try readRouting(depth: Self.memberDepth) }
        } else if key.matches("routingMetadata") {
            try seen.claim(.routingMetadata, key)
            if try !skipsNull() { try readRoutingMetadata(depth: Self.memberDepth) }
        } else {
            try skipUnknown(key, &unknown)
        }
    }

    @inline(never)
    mutating func skipUnknown(_ key: KeyText, _ unknown: inout RecentKeys) throws(ScanFault) {
        try scanner.note(key, in: &unknown)
        try scanner.skipValue(depth: Self.memberDepth, watch: .off)
    }

    /// Refuses an envelope that lacks a required member.
    func requireMembers(_ seen: SeenMembers<EnvelopeMember>, at start: Int) throws(ScanFault) {
        if !seen.contains(.version) { throw .missing("version", at: start) }
        if !seen.contains(.intent) { throw .missing("intent", at: start) }
        if !seen.contains(.context) { throw .missing("context", at: start) }
        if !seen.contains(.metadata) { throw .missing("metadata", at: start) }
    }

    private mutating func readVersion() throws(ScanFault) {
        let start = scanner.position
        fields.version = try readText(max: limits.nameBytesMax)
        guard isVersionOne(fields.version.range) else { throw .invalid("must be 1 or 1.x", at: start) }
    }

    /// Whether the text is `1`, or `1.` and digits.
    func isVersionOne(_ range: Range<Int>) -> Bool {
        guard let first = range.first, scanner.base[first] == UInt8(ascii: "1") else { return false }
        guard range.count > 1 else { return true }
        guard scanner.base[first + 1] == UInt8(ascii: "."), range.count > 2 else { return false }
        return range.dropFirst(2).allSatisfy { scanner.base[$0] &- UInt8(ascii: "0") < 10 }
    }

    private mutating func readPayload(depth: Int) throws(ScanFault) {
        guard scanner.byte == UInt8(ascii: "{") else { throw .invalid("must be an object", at: scanner.position) }
        let start = scanner.position
        try scanner.skipObject(depth: depth, watch: limits.dangerousKeys == .everyDepth ? .everyObject : .thisObject)
        fields.payload = ByteRange(start, scanner.position)
    }
}
