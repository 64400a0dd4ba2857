/// What a JSON document may cost to read.
public struct JSONLimits: Sendable, Hashable {
    /// How deep objects and arrays may nest; the outermost one is level 1. Values above 512 count as 512.
    public var depthMax = 64
    /// Members of objects in the whole document, all levels together.
    public var membersMax = 10_000
    /// Bytes of one string as it stands between its quotes.
    public var stringBytesMax = 2 << 20

    /// The limits of this protocol: 64 levels, 10,000 members, strings up to 2 MiB.
    public static let `default` = JSONLimits()

    /// Makes the default limits.
    public init() {}

    /// For an answer of an agent, which may be as large as whoever asked allows: what the bytes bound need no second bound.
    public static func reply(bytesMax: Int) -> JSONLimits {
        var limits = JSONLimits()
        // The shortest member is `"":0,`: five bytes.
        limits.membersMax = max(limits.membersMax, bytesMax / 5)
        limits.stringBytesMax = max(limits.stringBytesMax, bytesMax)
        return limits
    }

    /// For bytes that passed narrower limits before.
    static let boundless: JSONLimits = {
        var limits = JSONLimits()
        limits.depthMax = .max
        limits.membersMax = .max
        limits.stringBytesMax = .max
        return limits
    }()
}
