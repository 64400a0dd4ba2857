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
        var writer = TextWriter(
            reserving: caller.count + tenant.count + audience.count + intent.count + intentVersion.count
                + requestId.count)
        writer.append { $0.append(contentsOf: caller) }
        writer.append { $0.append(contentsOf: tenant) }
        writer.append { $0.append(contentsOf: audience) }
        writer.append { $0.append(contentsOf: intent) }
        writer.append { $0.append(contentsOf: intentVersion) }
        writer.append { $0.append(contentsOf: requestId) }
        self.init(direction, nil, writer)
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
        var writer = TextWriter(reserving: 160)
        func read(_ member: SealedFrame.Member) -> Bool {
            var isThere = false
            writer.append { isThere = frame.appendText(member, to: &$0) != nil }
            return isThere
        }
        guard read(.caller), read(.tenant), read(.audience), read(.intent), read(.intentVersion), read(.requestId)
        else { return nil }
        self.init(direction, inReplyTo, writer)
    }

    private init(_ direction: EMCLDirection, _ inReplyTo: EMCLNonce?, _ writer: TextWriter) {
        self.direction = direction
        self.inReplyTo = inReplyTo
        texts = writer.bytes
        ends = writer.ends
        isTooLong = writer.isTooLong
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

    private func text(_ index: Int) -> ArraySlice<UInt8> {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return texts[(start + 2)..<Int(ends[index])]
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

/// Puts texts behind their lengths.
private struct TextWriter {
    private(set) var bytes: [UInt8] = []
    private(set) var ends = InlineArray<6, Int32>(repeating: 0)
    private(set) var isTooLong = false
    private var count = 0

    init(reserving byteCount: Int) {
        bytes.reserveCapacity(byteCount + 12)
    }

    @inline(__always)
    mutating func append(_ write: (inout [UInt8]) -> Void) {
        let start = bytes.count
        bytes.append(0)
        bytes.append(0)
        write(&bytes)
        let length = bytes.count - start - 2
        if length > EMCLContext.textBytesMax { isTooLong = true }
        bytes[start] = UInt8(truncatingIfNeeded: length >> 8)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length)
        ends[count] = Int32(truncatingIfNeeded: bytes.count)
        count += 1
    }
}
