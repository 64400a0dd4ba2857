package import IntentProtocol

/// Everything around a sealed envelope that is authenticated with it; it stands in clear in the sealed body.
///
/// Texts are UTF-8, decoded, at most ``textBytesMax`` bytes each; what there is none of is empty. They are kept in both forms that a
/// message needs: as they are authenticated, so that two contexts are equal when their bytes are, and as members of a body, because an
/// answer has them as what it answers had them.
package struct EMCLContext: Sendable {
    /// The most bytes of one text.
    package static let textBytesMax = 4_096

    /// Which way the message goes.
    package let direction: EMCLDirection
    /// The nonce of the message that this one answers; nil unless it is an answer or a reply.
    package let inReplyTo: EMCLNonce?
    /// The six texts, each after its length, and behind them ``members``.
    private let bytes: [UInt8]
    /// Where each text ends.
    private let ends: InlineArray<6, Int32>
    /// Whether some text is longer than is allowed.
    let isTooLong: Bool
    /// Whether no text has a byte that a JSON string must escape.
    let isPlain: Bool

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
            if texts.isPlain { texts.appendMembers() }
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

    /// What an envelope gives to a context: its names, decoded; those without escapes are parts of the envelope.
    package struct EnvelopeTexts: Sendable {
        let intent: ArraySlice<UInt8>
        let intentVersion: ArraySlice<UInt8>
        let requestId: ArraySlice<UInt8>

        package init(_ envelope: IntentEnvelope) {
            intent = EMCLContext.decoded(envelope.intentNameBytes) { envelope.intentName }
            intentVersion = EMCLContext.decoded(envelope.intentVersionBytes) { envelope.intentVersion }
            requestId = EMCLContext.decoded(envelope.requestIdBytes) { envelope.requestId }
        }
    }

    /// Makes the context of an envelope that is sent on.
    package init(
        _ direction: EMCLDirection, caller: ArraySlice<UInt8>, tenant: ArraySlice<UInt8>,
        audience: ArraySlice<UInt8> = [], texts: EnvelopeTexts
    ) {
        self.init(
            direction, caller: caller, tenant: tenant, audience: audience, intent: texts.intent,
            intentVersion: texts.intentVersion, requestId: texts.requestId)
    }

    /// Makes the context of an envelope that is sent on.
    package init(
        _ direction: EMCLDirection, caller: ArraySlice<UInt8>, tenant: ArraySlice<UInt8>,
        audience: ArraySlice<UInt8> = [], envelope: IntentEnvelope
    ) {
        self.init(
            direction, caller: caller, tenant: tenant, audience: audience, texts: EnvelopeTexts(envelope))
    }

    /// Reads the texts of a frame; nil when one is not there.
    init?(_ direction: EMCLDirection, inReplyTo: EMCLNonce?, _ frame: SealedFrame) {
        guard let place = frame.placeOfTexts else {
            self.init(spelledOut: direction, inReplyTo: inReplyTo, frame)
            return
        }
        self.init(direction, inReplyTo, textBytesMax: place.count) { texts in
            frame.withBytes { bytes in
                @inline(__always)
                func append(_ member: SealedFrame.Member) {
                    texts.append(plain: UnsafeRawBufferPointer(rebasing: bytes[frame.place(member)]))
                }
                append(.caller)
                append(.tenant)
                append(.audience)
                append(.intent)
                append(.intentVersion)
                append(.requestId)
                texts.append(members: UnsafeRawBufferPointer(rebasing: bytes[place]))
            }
        }
    }

    /// Reads the texts of a frame however they are written.
    private init?(spelledOut direction: EMCLDirection, inReplyTo: EMCLNonce?, _ frame: SealedFrame) {
        guard Self.textMembers.allSatisfy({ frame.has($0) }) else { return nil }
        let byteCountMax = Self.textMembers.reduce(0) { $0 + frame.textByteCountMax($1) }
        self.init(direction, inReplyTo, textBytesMax: byteCountMax) { texts in
            for member in Self.textMembers { texts.append(frame, member) }
            if texts.isPlain { texts.appendMembers() }
        }
    }

    /// - Parameters:
    ///   - textBytesMax: the most bytes that the six texts have together, without their lengths.
    ///   - write: puts in the texts, and the members unless some text needs escapes.
    @inline(__always)
    private init(
        _ direction: EMCLDirection, _ inReplyTo: EMCLNonce?, textBytesMax: Int,
        _ write: (inout ContextTextWriter) -> Void
    ) {
        var ends = InlineArray<6, Int32>(repeating: 0)
        var (isTooLong, isPlain) = (false, true)
        let byteCountMax = 2 * textBytesMax + 12 + Self.memberHeadsByteCount
        var bytes = [UInt8](bytesMax: byteCountMax) { memory in
            var writer = ContextTextWriter(memory)
            write(&writer)
            (ends, isTooLong, isPlain) = (writer.ends, writer.isTooLong, writer.isPlain)
            return writer.count
        }
        if !isPlain { Self.appendEscapedMembers(to: &bytes, ends) }
        self.bytes = bytes
        self.direction = direction
        self.inReplyTo = inReplyTo
        self.ends = ends
        self.isTooLong = isTooLong
        self.isPlain = isPlain
    }

    private init(_ asked: EMCLContext, _ direction: EMCLDirection, answering nonce: EMCLNonce) {
        self.direction = direction
        inReplyTo = nonce
        bytes = asked.bytes
        ends = asked.ends
        isTooLong = asked.isTooLong
        isPlain = asked.isPlain
    }

    /// The context of the answer to a message of this context; nil when this is an answer itself.
    package func answer(to nonce: EMCLNonce) -> EMCLContext? {
        direction.answering.map { EMCLContext(self, $0, answering: nonce) }
    }

    /// Whether an envelope names the same intent, version and request.
    package func names(_ envelope: IntentEnvelope) -> Bool {
        isText(3, envelope.intentNameBytes) { envelope.intentName }
            && isText(4, envelope.intentVersionBytes) { envelope.intentVersion }
            && isText(5, envelope.requestIdBytes) { envelope.requestId }
    }

    /// Whether a text is one that may still have its escapes.
    private func isText(_ index: Int, _ written: ArraySlice<UInt8>, _ decoded: () -> String) -> Bool {
        let isSame = withText(index) { text in written.withUnsafeBytes { equalBytes(text, $0) } }
        // A text that needs no escapes and is the same byte by byte has none.
        if isPlain, isSame { return true }
        return text(index) == Self.decoded(written, decoded)
    }

    private static func decoded(_ bytes: ArraySlice<UInt8>, _ text: () -> String) -> ArraySlice<UInt8> {
        let mayBeEscaped = bytes.withUnsafeBytes { JSONEscapes.isNeeded(in: $0) }
        return mayBeEscaped && bytes.contains(UInt8(ascii: "\\")) ? Array(text().utf8)[...] : bytes
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

    private func text(_ index: Int) -> ArraySlice<UInt8> { bytes[range(index)] }

    private func range(_ index: Int) -> Range<Int> {
        let start = index == 0 ? 0 : Int(ends[index - 1])
        return (start + 2)..<Int(ends[index])
    }

    @inline(__always)
    private func withText<Result>(_ index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[range(index)])) }
    }

    /// Whether a text is this one.
    func isText(_ text: Text, _ wanted: ArraySlice<UInt8>) -> Bool {
        withText(text.rawValue) { text in wanted.withUnsafeBytes { equalBytes(text, $0) } }
    }

    /// Whether a frame has this direction, answers this nonce and has the texts as they would be written here.
    func isWritten(_ direction: EMCLDirection, inReplyTo asked: EMCLNonce?, _ frame: SealedFrame) -> Bool {
        guard direction == self.direction, asked == inReplyTo, let place = frame.placeOfTexts else { return false }
        return frame.withBytes { frame in
            withMembers { equalBytes($0, UnsafeRawBufferPointer(rebasing: frame[place])) }
        }
    }

    /// The texts that somebody is compared with.
    enum Text: Int {
        case caller, tenant, audience
    }

    /// How many bytes ``withAuthenticated(_:)`` lends.
    var authenticatedByteCount: Int { Int(ends[5]) }

    /// How many bytes ``withMembers(_:)`` lends.
    var membersByteCount: Int { bytes.count - authenticatedByteCount }

    /// Lends the texts as they are authenticated: each after its length in two bytes, the caller first.
    @inline(__always)
    func withAuthenticated<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[..<authenticatedByteCount])) }
    }

    /// Lends the texts as members of a body, each with the comma before it.
    @inline(__always)
    func withMembers<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[authenticatedByteCount...])) }
    }

    /// What stands before each text in a body; a quote follows the last.
    @inline(__always)
    static func memberHead(_ index: Int) -> StaticString {
        switch index {
        case 0: #","caller":""#
        case 1: #"","tenant":""#
        case 2: #"","audience":""#
        case 3: #"","intent":""#
        case 4: #"","intentVersion":""#
        default: #"","requestId":""#
        }
    }

    /// What the six heads and the last quote have together.
    private static let memberHeadsByteCount = 84
    private static let textMembers: [SealedFrame.Member] = [
        .caller, .tenant, .audience, .intent, .intentVersion, .requestId,
    ]

    private static func appendEscapedMembers(to bytes: inout [UInt8], _ ends: InlineArray<6, Int32>) {
        var start = 0
        for index in 0..<6 {
            let end = Int(ends[index])
            let text = Array(bytes[(start + 2)..<end])
            bytes.append(literal: memberHead(index))
            text.withUnsafeBufferPointer { bytes.append(escaping: $0) }
            start = end
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Whether every text is short enough, and an answer says what it answers and nothing else does.
    var isSealable: Bool {
        !isTooLong && (inReplyTo == nil) == (direction.answering != nil)
    }
}

extension EMCLContext: Hashable {
    package static func == (left: EMCLContext, right: EMCLContext) -> Bool {
        left.direction == right.direction && left.inReplyTo == right.inReplyTo
            && left.withAuthenticated { left in right.withAuthenticated { equalBytes(left, $0) } }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(direction)
        hasher.combine(inReplyTo)
        withAuthenticated { hasher.combine(bytes: $0) }
    }
}
