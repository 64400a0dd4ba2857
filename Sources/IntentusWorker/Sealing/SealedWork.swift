import Encryption
import Identity
import IntentProtocol
import IntentusClient
import Machine

/// Opens the calls of one agent and seals its replies.
struct SealedWork: Sendable {
    /// A call as it can be read, and how its reply goes.
    struct Call: Sendable {
        /// The envelope; the body as it came, when that was in clear.
        let body: [UInt8]
        fileprivate let seal: Seal?
    }

    fileprivate struct Seal: Sendable {
        let ring: KeyRing
        let profile: EMCLProfile
        let reply: EMCLContext
        /// The key that opened the call: the gateway that sent it may hold no newer one yet.
        let keyId: String
    }

    private let sealing: WorkerSealing?
    private let agent: ArraySlice<UInt8>
    private let rules: EMCLRules
    /// Of this process: a call that was sent to one instance would open at another of the same agent.
    private let replays: MemoryReplayCache
    private let unixMilliseconds: @Sendable () -> Int64

    init(
        _ sealing: WorkerSealing?, agent: String,
        unixMilliseconds: @escaping @Sendable () -> Int64 = { MachineClock.unixMilliseconds() },
        replays: MemoryReplayCache = MemoryReplayCache(nowNanoseconds: { MachineClock.monotonicNanoseconds() })
    ) {
        self.sealing = sealing
        self.agent = Array(agent.utf8)[...]
        var rules = EMCLRules()
        rules.profiles = EMCLProfiles((sealing?.profiles ?? []).map { EMCLProfile($0) })
        self.rules = rules
        self.unixMilliseconds = unixMilliseconds
        self.replays = replays
    }

    /// Opens a body where it is sealed.
    ///
    /// - Throws: EMCL_FAILURE, in the same words whatever is wrong with a sealed one.
    func open(_ body: [UInt8]) throws(IntentError) -> Call {
        guard let sealing else { return Call(body: body, seal: nil) }
        let frame: SealedFrame?
        do throws(SealedFrame.Fault) { frame = try SealedFrame.read(body, bytesMax: body.count) } catch {
            throw EMCLFailure(.malformed).intentError
        }
        guard let frame else {
            guard !sealing.isRequired else {
                throw IntentError(.emclFailure, "this agent must be called sealed: a frame of messageType emcl")
            }
            return Call(body: body, seal: nil)
        }
        do throws(EMCLFailure) { return try open(frame, sealing.keys.current) } catch {
            throw error.isOurs
                ? IntentError(.agentUnavailable, "sealed calls cannot be taken now", retryable: true)
                : error.intentError
        }
    }

    private func open(_ frame: SealedFrame, _ ring: KeyRing) throws(EMCLFailure) -> Call {
        let now = unixMilliseconds()
        let opened = try ring.open(frame, as: .call(audience: agent), under: rules, nowUnixMilliseconds: now)
        let proof = opened.replayProof
        let verdict = replays.verdict(
            on: proof.digest, scope: proof.scope,
            timeToLiveMilliseconds: proof.timeToLiveMilliseconds(atUnixMilliseconds: now))
        switch verdict {
        case .first: break
        case .replayed: throw EMCLFailure(.replayed)
        // The memory is full of calls that could come again: no fault of this one, which may be sent anew.
        case .unavailable: throw EMCLFailure(.replayUnknown)
        }
        let asked =
            opened.context ?? EMCLContext(.call, caller: [], tenant: [], intent: [], intentVersion: [], requestId: [])
        guard let reply = asked.answer(to: opened.nonce) else { throw EMCLFailure(.otherDirection) }
        return Call(
            body: opened.plaintext, seal: Seal(ring: ring, profile: opened.profile, reply: reply, keyId: opened.keyId))
    }

    /// The frame of a response: sealed where the call was.
    func frame(of response: AgentResponse, to call: Call?) -> [UInt8] {
        var bytes: [UInt8] = []
        guard let seal = call?.seal else {
            response.appendFrame(to: &bytes)
            return bytes
        }
        response.appendBare(to: &bytes)
        do throws(EMCLFailure) {
            return try seal.ring.seal(
                bytes, seal.reply, profile: seal.profile, openedBy: seal.keyId,
                nowUnixMilliseconds: unixMilliseconds(),
                randomBits: { UInt64.random(in: .min ... .max) }
            ).frame
        } catch {
            // Nothing of what should have been sealed goes out in clear.
            var plain: [UInt8] = []
            AgentResponse.failure(IntentError(.emclFailure, "the reply cannot be sealed", retryable: false))
                .appendFrame(to: &plain)
            return plain
        }
    }
}
