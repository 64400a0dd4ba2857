/// A validated envelope: the bytes it came in and the places of its fields.
///
/// Copying one copies no bytes. A string property makes its string when it is asked for; the `…Bytes` properties are free.
public struct IntentEnvelope: Sendable {
    let storage: [UInt8]
    let fields: EnvelopeFields
    let cut: PayloadCut?

    init(storage: [UInt8], fields: EnvelopeFields, cut: PayloadCut?) {
        self.storage = storage
        self.fields = fields
        self.cut = cut
    }

    /// The envelope's own version, `1` or `1.x`.
    public var version: String { string(fields.version) }
    /// The intent's name; never empty.
    public var intentName: String { string(fields.intentName) }
    /// The intent's version; `1.0` when the caller named none.
    public var intentVersion: String { fields.intentVersion.isAbsent ? "1.0" : string(fields.intentVersion) }
    /// Who the caller says it is; unverified.
    public var sourceAgent: String { string(fields.sourceAgent) }
    /// When the caller says it asked; not read as a date.
    public var timestamp: String { string(fields.timestamp) }
    /// The caller's name for the request.
    public var requestId: String { string(fields.requestId) }
    /// Where the caller says the request comes from; unverified.
    public var source: String { string(fields.source) }
    /// When the caller says the envelope was made; not read as a date.
    public var createdAt: String { string(fields.createdAt) }
    /// The caller's trace id; nil when it was absent, null or empty, and the gateway has to give one.
    public var traceId: String? { fields.traceId.isAbsent ? nil : string(fields.traceId) }
    /// How urgent the caller says it is; normal by default.
    public var priority: IntentPriority { fields.priority }
    /// How agents are gone through; direct by default.
    public var strategy: RoutingStrategy { fields.strategy }
    /// The agent the caller names; nil when it was absent, null or empty.
    public var targetAgent: String? { fields.targetAgent.isAbsent ? nil : string(fields.targetAgent) }
    /// Agents the caller names for a fallback; carried, never read by the router.
    public var fallbackAgents: [String] { strings(fields.fallbackAgents) }
    /// Labels of the caller.
    public var tags: [String] { strings(fields.tags) }
    /// Agents that handled the envelope before.
    public var decisionPath: [String] { strings(fields.decisionPath) }
    /// How often the envelope was tried before.
    public var retries: Int { Int(fields.retries) }
    /// Who handled the request before, as the caller tells it: unverified, and without any bearer token.
    public var identityChain: [String] {
        strings(fields.identityChain).filter { !fields.chainHoldsToken || BearerEntry.remainder($0) == nil }
    }

    /// Whether there is any tag.
    public var hasTags: Bool { fields.tags.count > 0 }
    /// Whether the caller names an agent.
    public var hasTargetAgent: Bool { !fields.targetAgent.isAbsent }

    /// The payload, an object, without dangerous keys; a part of the body when none had to go.
    public var payload: JSONText {
        if let cut { return JSONText(scanned: cut.payload[...]) }
        return JSONText(scanned: fields.payload.isAbsent ? Self.emptyObject[...] : storage[fields.payload.range])
    }
    private static let emptyObject = Array("{}".utf8)

    /// The dangerous keys that were removed from the payload, each once.
    public var removedKeys: [String] { cut?.removedKeys ?? [] }

    /// A member of the payload, parsed when asked for; nil when there is none of that name.
    ///
    /// Costs a pass over the payload.
    public func payloadField(_ name: String) -> JSONValue? {
        JSONMembers(payload.bytes).first { $0.key.isIdentical(to: name) }?.value
    }
}

extension IntentEnvelope {
    /// The intent's name as it stands between its quotes, still escaped: it may be pasted back between quotes.
    public var intentNameBytes: ArraySlice<UInt8> { storage[fields.intentName.range] }
    /// The intent's version as it stands between its quotes, still escaped.
    public var intentVersionBytes: ArraySlice<UInt8> {
        fields.intentVersion.isAbsent ? Self.defaultVersion[...] : storage[fields.intentVersion.range]
    }
    private static let defaultVersion = Array("1.0".utf8)
    /// The request id as it stands between its quotes, still escaped.
    public var requestIdBytes: ArraySlice<UInt8> { storage[fields.requestId.range] }
    /// The trace id as it stands between its quotes, still escaped; nil when the caller gave none.
    public var traceIdBytes: ArraySlice<UInt8>? { fields.traceId.isAbsent ? nil : storage[fields.traceId.range] }
    /// The target agent as it stands between its quotes, still escaped; nil when the caller named none.
    public var targetAgentBytes: ArraySlice<UInt8>? {
        fields.targetAgent.isAbsent ? nil : storage[fields.targetAgent.range]
    }

    func string(_ range: ByteRange) -> String {
        storage.withUnsafeBufferPointer { JSONStringText.string(UnsafeBufferPointer(rebasing: $0[range.range])) }
    }

    func strings(_ list: ListRange) -> [String] {
        guard list.count > 0 else { return [] }
        var strings: [String] = []
        strings.reserveCapacity(Int(list.count))
        forEachEntry(of: list) { raw in strings.append(JSONStringText.string(raw)) }
        return strings
    }

    /// Visits the entries of a list as they stand between their quotes.
    func forEachEntry(of list: ListRange, _ visit: (UnsafeBufferPointer<UInt8>) -> Void) {
        storage.withUnsafeBufferPointer { bytes in
            var index = Int(list.range.start)
            while index < Int(list.range.end) {
                guard bytes[index] == UInt8(ascii: "\"") else {
                    index += 1
                    continue
                }
                let start = index + 1
                index = start
                while bytes[index] != UInt8(ascii: "\"") { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
                visit(UnsafeBufferPointer(rebasing: bytes[start..<index]))
                index += 1
            }
        }
    }
}
