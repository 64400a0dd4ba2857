/// Where the fields of an envelope stand in its body; of strings and lists, ranges only.
struct EnvelopeFields {
    var version = ByteRange.absent
    var intentName = ByteRange.absent
    var intentVersion = ByteRange.absent
    var payload = ByteRange.absent
    var sourceAgent = ByteRange.absent
    var timestamp = ByteRange.absent
    var tags = ListRange.absent
    var requestId = ByteRange.absent
    var source = ByteRange.absent
    var createdAt = ByteRange.absent
    /// Absent also when it came as null or empty.
    var traceId = ByteRange.absent
    var identityChain = ListRange.absent
    /// Absent also when it came as null or empty.
    var targetAgent = ByteRange.absent
    var fallbackAgents = ListRange.absent
    var decisionPath = ListRange.absent
    var retries: Int32 = 0
    var priority = IntentPriority.normal
    var strategy = RoutingStrategy.direct
    /// Whether the chain holds a bearer token.
    var chainHoldsToken = false
}

/// Which of the known members of an object were seen; a second sight of one is a duplicate key.
struct SeenMembers<Member: RawRepresentable<UInt16>> {
    private var bits: UInt16 = 0

    var isEmpty: Bool { bits == 0 }

    @inline(__always)
    func contains(_ member: Member) -> Bool {
        bits & (1 << member.rawValue) != 0
    }

    /// Marks a member as seen, or refuses its second occurrence.
    @inline(__always)
    mutating func claim(_ member: Member, _ key: KeyText) throws(ScanFault) {
        guard !contains(member) else { throw .syntax(.duplicateKey, at: key.quoteOffset) }
        bits |= 1 << member.rawValue
    }
}
