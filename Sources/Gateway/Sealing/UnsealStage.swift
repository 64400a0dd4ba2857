import Encryption
import Identity
import IntentProtocol

/// The body of a request as it can be read: as it came, or what was sealed in it.
///
/// Only the stage that opens seals can make one.
struct Letter: Sendable {
    /// What was opened; nil when the body came plainly.
    let opened: OpenedMessage?

    fileprivate init(_ opened: OpenedMessage?) { self.opened = opened }
}

extension Gateway {
    /// Opens the body where it is sealed, for the caller who was authenticated and nobody else, and once.
    func unseal(
        _ arrival: borrowing Arrival, _ caller: Caller, _ journal: inout Journal
    ) async throws(Refusal) -> Letter {
        guard let seals else { return Letter(nil) }
        journal.enter(.seal, around)
        let now = journal.record.timeNanoseconds / 1_000_000
        do throws(EMCLFailure) {
            guard let frame = try Self.sealedFrame(arrival.body, bytesMax: settings.envelope.bodyBytesMax) else {
                return Letter(nil)
            }
            journal.shape = .frame
            let ring = seals.ring.current
            let opened = try ring.open(
                frame, as: .request(caller: caller.nameInSeals, tenant: caller.tenantInSeals), under: seals.opening,
                nowUnixMilliseconds: now)
            if try !seals.claimAtOnce(opened, nowUnixMilliseconds: now) {
                try await seals.claim(opened, nowUnixMilliseconds: now)
            }
            let asked = opened.context ?? .unbound(.request)
            guard let context = asked.answer(to: opened.nonce) else { throw EMCLFailure(.otherDirection) }
            journal.seal = AnswerSeal(
                ring: ring, profile: opened.profile, context: context, keyId: opened.keyId)
            return Letter(opened)
        } catch {
            throw refusal(error)
        }
    }

    /// Holds an envelope against what its seal says, and against what is asked of its intent.
    ///
    /// Who is refused here is told in clear, as everybody is whose message could not be opened: one answer for all of them.
    func check(
        _ letter: Letter, _ incoming: IncomingIntent, intent: String, _ journal: inout Journal
    ) throws(Refusal) {
        guard let seals else { return }
        let (demand, profiles) = seals.rules.ofClients(intent: intent)
        guard let opened = letter.opened else {
            guard demand != .required else { throw .sealRequired(intent: incoming.envelope) }
            return
        }
        let isAccepted = demand != .off && profiles.contains(opened.profile)
        guard isAccepted, incoming.shape == .bare, opened.context?.names(incoming.envelope) != false else {
            journal.seal = nil
            throw refusal(EMCLFailure(isAccepted ? .innerMismatch : .profileNotAccepted))
        }
    }

    func refusal(_ failure: EMCLFailure) -> Refusal {
        meter.recordSealFailure(reason: failure.reason.rawValue)
        return Refusal(failure)
    }

    private static func sealedFrame(_ body: [UInt8], bytesMax: Int) throws(EMCLFailure) -> SealedFrame? {
        do throws(SealedFrame.Fault) {
            return try SealedFrame.read(body, bytesMax: bytesMax)
        } catch {
            throw EMCLFailure(error == .tooLarge ? .tooLarge : .malformed)
        }
    }
}

extension Caller {
    /// The caller as seals name it: `user:` and the subject, `service:` and the principal, or nothing.
    var nameInSeals: ArraySlice<UInt8> {
        if let service, token == nil || service.sources.contains(IdentitySources(.serviceAccountToken)) {
            return Self.nameInSeals("service:", "\(service.principal)")
        }
        return token.map { Self.nameInSeals("user:", $0.subject) } ?? []
    }

    private static func nameInSeals(_ kind: StaticString, _ name: String) -> ArraySlice<UInt8> {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(kind.utf8CodeUnitCount + name.utf8.count)
        bytes.append(literal: kind)
        bytes.append(contentsOf: name.utf8)
        return bytes[...]
    }

    var tenantInSeals: ArraySlice<UInt8> { tenant.map { Array($0.utf8)[...] } ?? [] }
}

extension EMCLContext {
    /// What profile `v1` binds: nothing but the direction, which its keys may tell.
    static func unbound(_ direction: EMCLDirection) -> EMCLContext {
        EMCLContext(
            direction, caller: [], tenant: [], intent: [], intentVersion: [], requestId: [])
    }
}

extension Refusal {
    /// A message that cannot be opened: the same words whatever the reason, but where the fault is ours.
    fileprivate init(_ failure: EMCLFailure) {
        let reason = "emcl_\(failure.reason.rawValue)"
        if failure.isOurs {
            self.init(
                IntentError(.agentUnavailable, "sealed messages cannot be taken now", retryable: true), status: 503,
                reason: reason, event: .emclFailure)
        } else {
            self.init(failure.intentError, reason: reason, event: .emclFailure)
        }
    }

    fileprivate static func sealRequired(intent envelope: IntentEnvelope) -> Refusal {
        Refusal(
            IntentError(
                .emclFailure, "intent '\(envelope.intentName)' must be sent sealed: a frame of messageType emcl",
                details: ["reason": .string("seal_required")]),
            reason: "emcl_seal_required", event: .emclFailure)
    }
}
