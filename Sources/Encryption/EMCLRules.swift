/// What an opener accepts.
package struct EMCLRules: Sendable, Hashable {
    /// The profiles that open; `v1` only where a caller or an agent is configured for it.
    package var profiles: Set<EMCLProfile> = [.v2]
    /// How old a message may be.
    package var ageMillisecondsMax: Int64 = 60_000
    /// How far in the future it may be, because clocks differ.
    package var aheadMillisecondsMax: Int64 = 60_000
    /// How long a message of profile `v1`, which has no time, is remembered against replay.
    package var untimedReplayMilliseconds: Int64 = 600_000

    /// The rules as the properties state them.
    package init() {}
}

/// What the opener knows of a message before it opens it; anything else in the message is refused.
package enum EMCLExpectation: Sendable, Hashable {
    /// The gateway authenticated the caller, and opens what they sent.
    case request(caller: ArraySlice<UInt8>, tenant: ArraySlice<UInt8>)
    /// A worker opens what a gateway sent to the agent.
    case call(audience: ArraySlice<UInt8>)
    /// Whoever asked opens the answer: ``EMCLContext/answer(to:)`` of what was sent.
    case answer(EMCLContext)

    /// Which way the message must go.
    package var direction: EMCLDirection {
        switch self {
        case .request: .request
        case .call: .call
        case .answer(let context): context.direction
        }
    }

    /// Why a context is not what is expected; nil when it is.
    func refusal(of context: EMCLContext) -> EMCLFailure.Reason? {
        guard context.direction == direction else { return .otherDirection }
        switch self {
        case .request(let caller, let tenant):
            guard context.caller == caller else { return .otherCaller }
            guard context.tenant == tenant else { return .otherTenant }
            return context.audience.isEmpty ? nil : .otherAudience
        case .call(let audience):
            return context.audience == audience ? nil : .otherAudience
        case .answer(let expected):
            return context == expected ? nil : .otherRequest
        }
    }
}
