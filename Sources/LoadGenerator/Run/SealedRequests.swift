import Encryption
import IntentProtocol
import IntentusClient

/// What a run seals: the envelope of each entry is written once, and whom each token names is worked out once.
///
/// Each message is sealed when it is sent, with its own request id, time and nonce.
struct SealedRequests: Sendable {
    private struct Entry {
        let envelope: NumberedBytes
        let intent: ArraySlice<UInt8>
        let intentVersion: ArraySlice<UInt8>
    }

    private let sealer: EnvelopeSealer
    private let entries: [Entry]
    private let requestId: NumberedBytes
    /// By caller, then by token.
    private let names: [[SealedNames]]

    /// - Parameters:
    ///   - id: ends in ``NumberedBytes/idDigits`` digits.
    ///   - drafts: of the plan's entries, with this id.
    init(_ plan: LoadPlan, _ sealing: EnvelopeSealing, id: [UInt8], drafts: [EnvelopeDraft]) {
        let sealer = EnvelopeSealer(sealing)
        self.sealer = sealer
        entries = drafts.map { draft in
            Entry(
                envelope: NumberedBytes(draft.encodedBare(), id: id), intent: Array(draft.intentName.utf8)[...],
                intentVersion: Array(draft.intentVersion.utf8)[...])
        }
        requestId = NumberedBytes(id, id: id)
        names = plan.callers.map { $0.tokens.map { sealer.names(token: $0) } }
    }

    /// Bytes of all envelopes together.
    var byteCount: Int { entries.reduce(0) { $0 + $1.envelope.count } }

    /// Seals a request by the ring of now.
    func seal(
        _ request: RequestMix.Request, number: Int, unixMilliseconds: Int64
    ) throws(IntentError) -> SealedExchange {
        let entry = entries[request.entry]
        let named = names[request.caller][request.token]
        let context = EMCLContext(
            .request, caller: named.caller, tenant: named.tenant, intent: entry.intent,
            intentVersion: entry.intentVersion, requestId: requestId.bytes(number: number)[...])
        return try sealer.seal(
            entry.envelope.bytes(number: number), context, unixMilliseconds: unixMilliseconds)
    }
}
