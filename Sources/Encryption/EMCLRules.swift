/// What an opener accepts.
package struct EMCLRules: Sendable, Hashable {
    /// The profiles that open; `v1` only where a caller or an agent is configured for it.
    package var profiles: EMCLProfiles = [.v2]
    /// How old a message may be.
    package var ageMillisecondsMax: Int64 = 60_000
    /// How far in the future it may be, because clocks differ.
    package var aheadMillisecondsMax: Int64 = 60_000
    /// How long a message of profile `v1`, which has no time, is remembered against replay.
    package var untimedReplayMilliseconds: Int64 = 600_000

    /// The rules as the properties state them.
    package init() {}
}
