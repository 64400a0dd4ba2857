package import IntentProtocol

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

    /// The context that the message must have; nil where only parts of it are known.
    var context: EMCLContext? {
        if case .answer(let context) = self { context } else { nil }
    }

    /// What a frame says of itself, for tools whose user holds the key: a gateway knows who called, and never asks the message.
    package init(statedBy frame: SealedFrame) throws(EMCLFailure) {
        guard frame.has(.emcl) else {
            self = .request(caller: [], tenant: [])
            return
        }
        let context = try SealedHeader(frame).context
        self =
            switch context.direction {
            case .request: .request(caller: context.caller, tenant: context.tenant)
            case .call: .call(audience: context.audience)
            case .answer, .reply: .answer(context)
            }
    }

    /// Why a context is not what is expected; nil when it is.
    func refusal(of context: EMCLContext) -> EMCLFailure.Reason? {
        guard context.direction == direction else { return .otherDirection }
        switch self {
        case .request(let caller, let tenant):
            guard context.isText(.caller, caller) else { return .otherCaller }
            guard context.isText(.tenant, tenant) else { return .otherTenant }
            return context.isText(.audience, []) ? nil : .otherAudience
        case .call(let audience):
            return context.isText(.audience, audience) ? nil : .otherAudience
        case .answer(let expected):
            return context == expected ? nil : .otherRequest
        }
    }
}
