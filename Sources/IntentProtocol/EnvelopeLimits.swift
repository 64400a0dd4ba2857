/// What an envelope may hold, in bytes of UTF-8 as they stand in the body unless stated otherwise.
public struct EnvelopeLimits: Sendable, Hashable {
    /// From which objects of the payload `__proto__`, `constructor` and `prototype` are removed.
    public enum DangerousKeys: Sendable, Hashable {
        /// From the payload itself, as the production guide does.
        case topLevel
        /// From every object inside the payload too.
        case everyDepth
    }

    /// The whole body.
    public var bodyBytesMax = 2 << 20
    /// The payload, counted as Python's `len(json.dumps(payload))` counts it.
    public var payloadBytesMax = 1 << 20
    /// Limits of the document as JSON.
    public var json = JSONLimits.default
    /// One name: of an intent, its version, an agent, a tag.
    public var nameBytesMax = 256
    /// One identifier or time: `requestId`, `traceId`, `timestamp`, `createdAt`.
    public var identifierBytesMax = 256
    /// One entry of `identityChain` that is no bearer token.
    public var chainEntryBytesMax = 1024
    /// Entries of one list: `tags`, `identityChain`, `fallbackAgents`, `decisionPath`.
    public var listEntriesMax = 64
    /// A bearer token in `identityChain` or the frame's headers.
    public var tokenBytesMax = 8192
    /// Where dangerous keys are removed.
    public var dangerousKeys = DangerousKeys.topLevel

    /// The limits of this protocol as the properties state them.
    public static let `default` = EnvelopeLimits()

    /// Makes the default limits.
    public init() {}

    /// The default limits with room for what a gateway adds on the way: for a worker that stands behind one.
    public static let behindGateway = EnvelopeLimits.behindGateway(
        bodyBytesMax: EnvelopeLimits().bodyBytesMax + 64 << 10)

    /// What a worker behind a gateway reads: the gateway holds callers to its limits, so the size of the body alone bounds it.
    public static func behindGateway(bodyBytesMax: Int) -> EnvelopeLimits {
        var limits = EnvelopeLimits()
        limits.bodyBytesMax = bodyBytesMax
        limits.payloadBytesMax = max(limits.payloadBytesMax, bodyBytesMax)
        limits.json = .reply(bytesMax: bodyBytesMax)
        limits.json.depthMax = 512
        limits.listEntriesMax += 16
        return limits
    }
}
