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
    let bytes: [UInt8]
    /// Where each text ends.
    let ends: InlineArray<6, Int32>
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
            if texts.isPlain, !texts.isTooLong { texts.appendMembers() }
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
            if texts.isPlain, !texts.isTooLong { texts.appendMembers() }
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
        // What is too long is not sealed, and nobody asks for its members.
        if !isPlain, !isTooLong { Self.appendEscapedMembers(to: &bytes, ends) }
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

    /// The context in which what came in this one, or is answered in it, goes on to an agent: nothing else is another.
    ///
    /// - Returns: nil where there is an audience already, or where a text needs escapes: then make one anew.
    package func call(for agent: String) -> EMCLContext? {
        var agent = agent
        return agent.withUTF8 { agent -> EMCLContext? in
            let agent = UnsafeRawBufferPointer(agent)
            let added = agent.count
            guard isPlain, !isTooLong, range(2).isEmpty, !JSONEscapes.isNeeded(in: agent), added <= Self.textBytesMax
            else {
                return nil
            }
            let (gap, end) = (Int(ends[1]), authenticatedByteCount)
            // Behind the heads of three members, and the caller and the tenant without their lengths.
            let gapInMembers = end + 37 + gap - 4
            let bytes = [UInt8](bytesMax: self.bytes.count + 2 * added) { memory in
                self.bytes.withUnsafeBytes { bytes in
                    var writer = MemoryWriter(memory)
                    writer.append(UnsafeRawBufferPointer(rebasing: bytes[..<gap]))
                    writer.append(bigEndian: UInt16(added))
                    writer.append(agent)
                    writer.append(UnsafeRawBufferPointer(rebasing: bytes[(gap + 2)..<gapInMembers]))
                    writer.append(agent)
                    writer.append(UnsafeRawBufferPointer(rebasing: bytes[gapInMembers...]))
                    return writer.count
                }
            }
            var ends = ends
            for index in 2..<6 { ends[index] += Int32(added) }
            return EMCLContext(.call, bytes, ends, isTooLong: isTooLong)
        }
    }

    private init(_ direction: EMCLDirection, _ bytes: [UInt8], _ ends: InlineArray<6, Int32>, isTooLong: Bool) {
        self.direction = direction
        inReplyTo = nil
        self.bytes = bytes
        self.ends = ends
        self.isTooLong = isTooLong
        isPlain = true
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
