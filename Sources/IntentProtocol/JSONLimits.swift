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

    /// For bytes that passed narrower limits before.
    static let boundless: JSONLimits = {
        var limits = JSONLimits()
        limits.depthMax = .max
        limits.membersMax = .max
        limits.stringBytesMax = .max
        return limits
    }()
}
