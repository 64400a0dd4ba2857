import Encryption
import IntentProtocol

/// An envelope that was checked, belongs to a caller, and holds no credential any more.
///
/// Only the envelope stage can make one.
struct OpenedEnvelope: Sendable {
    let incoming: IncomingIntent
    /// The trace id of this request as text between JSON quotes: the caller's, or the one the gateway gave it.
    let traceId: [UInt8]
    /// What workers are told of the trace, whichever is called, as complete header lines.
    let traceLines: [UInt8]
    /// When the caller stops waiting, on the monotonic clock; nil when it did not say.
    let callerDeadlineNanoseconds: Int64?

    /// The intent's name and version, made once.
    let intentName: String
    let intentVersion: String

    var envelope: IntentEnvelope { incoming.envelope }

    fileprivate init(
        incoming: IncomingIntent, traceId: [UInt8], traceLines: [UInt8], callerDeadlineNanoseconds: Int64?
    ) {
        self.incoming = incoming
        self.traceId = traceId
        self.traceLines = traceLines
        self.callerDeadlineNanoseconds = callerDeadlineNanoseconds
        intentName = incoming.envelope.intentName
        intentVersion = incoming.envelope.intentVersion
    }
}

extension Gateway {
    /// Reads and checks the body, and makes sure that a token inside it is the one that was verified.
    func openEnvelope(
        _ letter: Letter, _ arrival: borrowing Arrival, _ credential: borrowing Credential, _ caller: Caller,
        _ journal: inout Journal
    ) throws(Refusal) -> OpenedEnvelope {
        journal.enter(.envelope, around)
        let incoming = try read(letter, arrival, credential)
        if journal.shape == nil { journal.shape = incoming.shape }
        let envelope = incoming.envelope
        journal.record.requestId = envelope.requestIdBytes
        journal.record.intent = envelope.intentNameBytes
        journal.record.intentVersion = envelope.intentVersionBytes
        let traceId = journal.trace.settle(own: envelope.traceIdBytes, arrival, around)
        journal.record.traceId = traceId[...]
        journal.traceId = traceId
        let opened = OpenedEnvelope(
            incoming: incoming, traceId: traceId, traceLines: journal.trace.headerLines,
            callerDeadlineNanoseconds: try callerDeadline(arrival, journal))
        try check(letter, incoming, intent: opened.intentName, &journal)
        return opened
    }

    private func read(
        _ letter: Letter, _ arrival: borrowing Arrival, _ credential: borrowing Credential
    ) throws(Refusal) -> IncomingIntent {
        do throws(IntentError) {
            if letter.opened == nil, let incoming = credential.incoming { return try incoming.get() }
            let incoming = try IncomingIntent(
                parsing: letter.opened?.plaintext ?? arrival.body, limits: settings.envelope)
            // The HTTP header's token was verified; another one inside the body would be a second identity.
            if let inside = try incoming.singleToken(), inside != credential.token {
                throw .conflictingTokens
            }
            return incoming
        } catch {
            let isConflict = error.details["reason"] == .string(conflictingTokensReason)
            throw Refusal(
                error, reason: isConflict ? conflictingTokensReason : "invalid_envelope",
                event: isConflict ? .authFailure : .request)
        }
    }

    /// The caller's own time limit, from now; absent is fine, anything but 1 to 7 digits is not.
    private func callerDeadline(_ arrival: borrowing Arrival, _ journal: Journal) throws(Refusal) -> Int64? {
        guard let digits = arrival.timeoutMilliseconds else { return nil }
        var milliseconds: Int64 = 0
        for digit in digits.prefix(8) {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { milliseconds = 0; break }
            milliseconds = milliseconds * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        guard milliseconds > 0, digits.count < 8 else {
            throw Refusal(
                IntentError(
                    .validationError, "X-Intentus-Timeout-Ms must be a whole number of milliseconds, 1 to 9999999"),
                reason: "bad_timeout")
        }
        return journal.startNanoseconds + milliseconds * 1_000_000
    }
}
