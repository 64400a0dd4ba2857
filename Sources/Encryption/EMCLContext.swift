package import IntentProtocol

/// Everything around a sealed envelope that is authenticated with it; it stands in clear in the sealed body.
///
/// Texts are UTF-8, decoded, at most ``textBytesMax`` bytes each; what there is none of is empty. They are kept as they are
/// authenticated, each after its length in two bytes, so that two contexts are equal when their bytes are.
package struct EMCLContext: Sendable {
    /// The most bytes of one text.
    package static let textBytesMax = 4_096

    /// Which way the message goes.
    package let direction: EMCLDirection
    /// The nonce of the message that this one answers; nil unless it is an answer or a reply.
    package let inReplyTo: EMCLNonce?
    /// The six texts, each after its length.
    let texts: [UInt8]
    /// Where each text ends.
    private let ends: InlineArray<6, Int32>
    /// Whether some text is longer than is allowed.
    let isTooLong: Bool

    /// Makes a context from decoded UTF-8.
    ///
    /// - Parameters:
    ///   - caller: who asks, as the gateway authenticates them: `user:` and the token's subject, or `service:` and the principal.
    ///   - tenant: the caller's tenant.
    ///   - audience: the agent that a call is for, and that a reply comes from; empty between client and gateway.
    package init(
        _ direction: EMCLDirection, caller: ArraySlice<UInt8>, tenant: ArraySlice<UInt8>,
        audience: ArraySlice<UInt8> = [], intent: ArraySlice<UInt8>, intentVersion: ArraySlice<UInt8>,
        requestId: ArraySlice<UInt8>
    ) {
        let byteCount =
            caller.count + tenant.count + audience.count + intent.count + intentVersion.count + requestId.count
        self.init(direction, nil, textBytesMax: byteCount) { texts in
            texts.append(caller)
            texts.append(tenant)
            texts.append(audience)
            texts.append(intent)
            texts.append(intentVersion)
            texts.append(requestId)
        }
    }

    /// Makes a context from texts.
    package init(
        _ direction: EMCLDirection, caller: String, tenant: String, audience: String = "", intent: String,
        intentVersion: String, requestId: String
    ) {
        self.init(
            direction, caller: Array(caller.utf8)[...], tenant: Array(tenant.utf8)[...],
            audience: Array(audience.utf8)[...], intent: Array(intent.utf8)[...],
            intentVersion: Array(intentVersion.utf8)[...], requestId: Array(requestId.utf8)[...])
    }

    /// Makes the context of an envelope that is sent on; names without escapes are not decoded.
    package init(
        _ direction: EMCLDirection, caller: ArraySlice<UInt8>, tenant: ArraySlice<UInt8>,
        audience: ArraySlice<UInt8> = [], envelope: IntentEnvelope
    ) {
        self.init(
            direction, caller: caller, tenant: tenant, audience: audience,
            intent: Self.decoded(envelope.intentNameBytes) { envelope.intentName },
            intentVersion: Self.decoded(envelope.intentVersionBytes) { envelope.intentVersion },
            requestId: Self.decoded(envelope.requestIdBytes) { envelope.requestId })
    }

    /// Reads the texts of a frame; nil when one is not there.
    init?(_ direction: EMCLDirection, inReplyTo: EMCLNonce?, _ frame: SealedFrame) {
        guard frame.has(.caller), frame.has(.tenant), frame.has(.audience), frame.has(.intent),
            frame.has(.intentVersion), frame.has(.requestId)
        else { return nil }
        let byteCountMax =
            frame.textByteCountMax(.caller) + frame.textByteCountMax(.tenant) + frame.textByteCountMax(.audience)
            + frame.textByteCountMax(.intent) + frame.textByteCountMax(.intentVersion)
            + frame.textByteCountMax(.requestId)
        self.init(direction, inReplyTo, textBytesMax: byteCountMax) { texts in
            texts.append(frame, .caller)
            texts.append(frame, .tenant)
            texts.append(frame, .audience)
            texts.append(frame, .intent)
            texts.append(frame, .intentVersion)
            texts.append(frame, .requestId)
        }
    }

    /// - Parameter textBytesMax: the most bytes that the six texts have together, without their lengths.
    @inline(__always)
    private init(
        _ direction: EMCLDirection, _ inReplyTo: EMCLNonce?, textBytesMax: Int,
        _ write: (inout ContextTextWriter) -> Void
    ) {
        var ends = InlineArray<6, Int32>(repeating: 0)
        var isTooLong = false
        texts = [UInt8](unsafeUninitializedCapacity: textBytesMax + 12) { memory, count in
            var writer = ContextTextWriter(memory)
            write(&writer)
            (ends, isTooLong, count) = (writer.ends, writer.isTooLong, writer.count)
        }
        self.direction = direction
        self.inReplyTo = inReplyTo
        self.ends = ends
        self.isTooLong = isTooLong
    }

    private init(_ asked: EMCLContext, _ direction: EMCLDirection, answering nonce: EMCLNonce) {
        self.direction = direction
        inReplyTo = nonce
        texts = asked.texts
        ends = asked.ends
        isTooLong = asked.isTooLong
    }

    /// The context of the answer to a message of this context; nil when this is an answer itself.
    package func answer(to nonce: EMCLNonce) -> EMCLContext? {
        direction.answering.map { EMCLContext(self, $0, answering: nonce) }
    }

    /// Whether an envelope names the same intent, version and request.
    package func names(_ envelope: IntentEnvelope) -> Bool {
        intent == Self.decoded(envelope.intentNameBytes) { envelope.intentName }
            && intentVersion == Self.decoded(envelope.intentVersionBytes) { envelope.intentVersion }
            && requestId == Self.decoded(envelope.requestIdBytes) { envelope.requestId }
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>, _ text: () -> String) -> ArraySlice<UInt8> {
        bytes.contains(UInt8(ascii: "\\")) ? Array(text().utf8)[...] : bytes
    }
}

extension EMCLContext {
    /// Who asks.
    package var caller: ArraySlice<UInt8> { text(0) }
    /// The caller's tenant.
    package var tenant: ArraySlice<UInt8> { text(1) }
    /// The agent that a call is for, and that a reply comes from.
    package var audience: ArraySlice<UInt8> { text(2) }
    /// The intent's name.
    package var intent: ArraySlice<UInt8> { text(3) }
    /// The intent's version.
    package var intentVersion: ArraySlice<UInt8> { text(4) }
    /// The request's id.
    package var requestId: ArraySlice<UInt8> { text(5) }

    private func text(_ index: Int) -> ArraySlice<UInt8> { texts[range(index)] }

    private func range(_ index: Int) -> Range<Int> {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return (start + 2)..<Int(ends[index])
    }

    /// Lends the texts where they lie, the caller first.
    func withTexts<Result>(_ body: ((Int) -> UnsafeRawBufferPointer) -> Result) -> Result {
        texts.withUnsafeBytes { bytes in body { UnsafeRawBufferPointer(rebasing: bytes[range($0)]) } }
    }

    /// Whether no text has a byte that a JSON string must escape.
    var isPlain: Bool {
        withTexts { text in (0..<6).allSatisfy { !JSONEscapes.isNeeded(in: text($0)) } }
    }

    /// Whether every text is short enough, and an answer says what it answers and nothing else does.
    var isSealable: Bool {
        !isTooLong && (inReplyTo == nil) == (direction.answering != nil)
    }
}

extension EMCLContext: Hashable {
    package static func == (left: EMCLContext, right: EMCLContext) -> Bool {
        left.direction == right.direction && left.inReplyTo == right.inReplyTo && left.texts == right.texts
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(direction)
        hasher.combine(inReplyTo)
        hasher.combine(texts)
    }
}
