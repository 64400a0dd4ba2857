import Encryption
import Identity
import IntentProtocol
import Routing

/// Who and what a call is about, as seals name it; made once a request where anything is sealed behind the gateway.
struct CallNames: Sendable {
    let intent: String
    /// What the request was bound to, or what it would have been if it had come sealed.
    fileprivate let context: EMCLContext

    /// - Parameter seal: of the answer to a sealed request, which has named everything already.
    init(_ caller: Caller, boundBy seal: AnswerSeal?, intent: String, envelope: IntentEnvelope) {
        self.intent = intent
        if let seal, seal.profile == .v2 {
            context = seal.context
        } else {
            context = EMCLContext(
                .request, caller: caller.nameInSeals, tenant: caller.tenantInSeals, envelope: envelope)
        }
    }

    /// What a call of an agent is bound to.
    fileprivate func context(for agent: String) -> EMCLContext {
        context.call(for: agent)
            ?? EMCLContext(
                .call, caller: context.caller, tenant: context.tenant, audience: Array(agent.utf8)[...],
                intent: context.intent, intentVersion: context.intentVersion, requestId: context.requestId)
    }
}

/// A call that goes to an agent sealed, and what its reply must be bound to.
struct SealedCall: Sendable {
    let frame: [UInt8]
    fileprivate let ring: KeyRing
    fileprivate let profile: EMCLProfile
    fileprivate let reply: EMCLContext
    fileprivate let demand: SealDemand
}

extension Gateway {
    /// Seals the frame for an agent; nil where its calls go plainly.
    func seal(_ request: WorkerRequest, for agent: AgentRecord) throws(EMCLFailure) -> SealedCall? {
        guard let seals, let names = request.names else { return nil }
        let (demand, profile) = seals.rules.ofWorkers(intent: names.intent, agent: agent.name)
        guard demand != .off else { return nil }
        let ring = seals.ring.current
        let context = names.context(for: agent.name)
        let message = try ring.seal(
            IntentEnvelope.withoutFrame(request.body), context, profile: profile,
            nowUnixMilliseconds: around.unixNanoseconds() / 1_000_000, randomBits: { around.randomBits() })
        guard let reply = context.answer(to: message.nonce) else { throw EMCLFailure(.otherDirection) }
        return SealedCall(frame: message.frame, ring: ring, profile: profile, reply: reply, demand: demand)
    }

    /// The reply of an agent that was called sealed.
    func open(_ answer: WorkerAnswer, of call: SealedCall) throws(EMCLFailure) -> [UInt8] {
        let frame: SealedFrame?
        do throws(SealedFrame.Fault) {
            frame = try SealedFrame.read(answer.body, bytesMax: answer.body.count)
        } catch {
            throw EMCLFailure(.malformed)
        }
        guard let frame else {
            guard call.demand != .required else { throw EMCLFailure(.profileNotAccepted) }
            return answer.body
        }
        var rules = EMCLRules()
        rules.profiles = EMCLProfiles(call.profile)
        // The keys of then: a rotation between call and reply changes nothing for the two.
        return try call.ring.open(
            frame, as: .answer(call.reply), under: rules, nowUnixMilliseconds: around.unixNanoseconds() / 1_000_000
        ).plaintext
    }
}

extension IntentError {
    /// A call that could not be sealed, or a reply that could not be opened; which of it, and why, is for the operator.
    init(_ failure: EMCLFailure, agent: String) {
        let details: JSONObject = ["agent": .string(agent)]
        if failure.isOurs {
            self.init(.agentUnavailable, "agent '\(agent)' cannot be called sealed now", details: details)
        } else {
            self.init(
                .transportError, "the answer of agent '\(agent)' cannot be opened", retryable: false, details: details)
        }
    }
}
