package import Encryption
package import Identity

/// What a gateway seals and opens, and by which keys; nil in a gateway means that it does neither.
///
/// An object, for every request passes it on several times.
package final class EnvelopeSeals: Sendable {
    /// What becomes of a sealed request when nobody can tell whether it came before.
    package enum ReplayUnknown: String, Sendable, Hashable, CaseIterable {
        /// It is refused, and may be sent again.
        case deny
        /// This node's own memory decides: another node may have taken it.
        case local
    }

    /// The keys.
    package let ring: KeyRingHolder
    /// What is sealed.
    package let rules: SealRules
    /// How old a message may be, and which profiles open at all.
    package let opening: EMCLRules
    /// Where used messages are remembered.
    package let replays: any ReplayCache
    /// Where they are remembered besides, for when the former cannot tell; nil refuses then.
    package let replaysOfNode: (any ReplayCache)?

    /// - Parameter opening: its profiles are replaced by those that the rules name.
    package init(
        ring: KeyRingHolder, rules: SealRules, opening: EMCLRules = EMCLRules(), replays: any ReplayCache,
        replaysOfNode: (any ReplayCache)? = nil
    ) {
        self.ring = ring
        self.rules = rules
        self.replays = replays
        self.replaysOfNode = replaysOfNode
        var opening = opening
        opening.profiles = rules.profilesOfClients
        self.opening = opening
    }

    /// The same seals, whose messages are remembered elsewhere.
    package func remembering(in replays: any ReplayCache) -> EnvelopeSeals {
        EnvelopeSeals(ring: ring, rules: rules, opening: opening, replays: replays, replaysOfNode: replaysOfNode)
    }

    /// Sees to it that a message is opened once, where that can be told at once; false where others must be asked.
    func claimAtOnce(_ message: OpenedMessage, nowUnixMilliseconds now: Int64) throws(EMCLFailure) -> Bool {
        guard replaysOfNode == nil else { return false }
        let proof = message.replayProof
        let life = proof.timeToLiveMilliseconds(atUnixMilliseconds: now)
        let verdict = replays.firstUseAtOnce(of: proof.digest, scope: proof.scope, timeToLiveMilliseconds: life)
        guard let verdict else { return false }
        try Self.judge(verdict)
        return true
    }

    private static func judge(_ verdict: ReplayVerdict) throws(EMCLFailure) {
        switch verdict {
        case .first: return
        case .replayed: throw EMCLFailure(.replayed)
        case .unavailable: throw EMCLFailure(.replayUnknown)
        }
    }

    /// Sees to it that a message is opened once.
    func claim(_ message: OpenedMessage, nowUnixMilliseconds now: Int64) async throws(EMCLFailure) {
        let proof = message.replayProof
        let life = proof.timeToLiveMilliseconds(atUnixMilliseconds: now)
        var verdict = await replays.firstUse(
            of: proof.digest, scope: proof.scope, timeToLiveMilliseconds: life)
        if let replaysOfNode, verdict != .replayed {
            // Asked each time, so that what came while all was well is known when it is not.
            let own = await replaysOfNode.firstUse(
                of: proof.digest, scope: proof.scope, timeToLiveMilliseconds: life)
            if verdict == .unavailable || own == .replayed { verdict = own }
        }
        try Self.judge(verdict)
    }
}

/// How the answer to a sealed request is sealed.
struct AnswerSeal: Sendable {
    /// The ring that opened the request: a rotation between the two changes nothing.
    let ring: KeyRing
    let profile: EMCLProfile
    let context: EMCLContext
    /// The key that opened it: who asked may hold no newer one yet.
    let keyId: String
}
