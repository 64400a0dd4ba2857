import IntentProtocol

/// The part of a `v2` message that stands in clear, and its canonical bytes: the subkey is derived from them and the tag covers
/// them. EMCL.md states them byte by byte.
struct SealedHeader: ~Copyable {
    let keyId: [UInt8]
    let context: EMCLContext
    let milliseconds: Int64
    let nonce: EMCLNonce

    /// `EMCL v2`, the direction, the time, the nonce, then the key id, what is answered and the texts, each after its length.
    func withCanonicalBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let byteCountMax = 80 + keyId.count + context.authenticatedByteCount
        return withUnsafeTemporaryAllocation(byteCount: byteCountMax, alignment: 1) { memory in
            var writer = MemoryWriter(memory)
            writer.append("EMCL v2")
            writer.append(context.direction.rawValue)
            writer.append(bigEndian: milliseconds)
            nonce.append(to: &writer)
            writer.append(bigEndian: UInt16(truncatingIfNeeded: keyId.count))
            keyId.withUnsafeBytes { writer.append($0) }
            writer.append(bigEndian: UInt16(context.inReplyTo == nil ? 0 : EMCLNonce.byteCount))
            context.inReplyTo?.append(to: &writer)
            context.withAuthenticated { writer.append($0) }
            return body(UnsafeRawBufferPointer(rebasing: memory[..<writer.count]))
        }
    }
}

extension SealedHeader {
    /// Reads the members of a `v2` body: every one of them and no other.
    ///
    /// - Parameters:
    ///   - keys: where one of them is named, its id is not copied.
    ///   - expected: where the texts are those of this context, they are not copied.
    init(
        _ frame: SealedFrame, among keys: [RingKey] = [], expecting expected: EMCLContext? = nil
    ) throws(EMCLFailure) {
        guard frame.isOrdinary || Self.hasMembers(frame), frame.textByteCountMax(.kid) <= RingKey.idBytesMax,
            let direction = EMCLDirection(frame), let milliseconds = frame.milliseconds
        else { throw EMCLFailure(.malformed) }
        let asked = frame.has(.inReplyTo) ? try Self.nonce(frame, .inReplyTo) : nil
        let isExpected = expected?.isWritten(direction, inReplyTo: asked, frame) ?? false
        guard let context = isExpected ? expected : EMCLContext(direction, inReplyTo: asked, frame),
            context.isSealable
        else { throw EMCLFailure(.malformed) }
        let nonce = try Self.nonce(frame, .nonce)
        let named = keys.first { frame.plain(.kid, is: $0.idBytes) }
        keyId = named?.idBytes ?? frame.text(.kid).map { Array($0) } ?? []
        self.context = context
        self.milliseconds = milliseconds
        self.nonce = nonce
    }

    /// Whether a body has the members of the profile beside the texts, and none of the other one.
    private static func hasMembers(_ frame: SealedFrame) -> Bool {
        frame.plain(.emcl, is: "v2") && frame.isPlain(.kid) && frame.has(.cipherText) && frame.has(.nonce)
            && !frame.has(.iv) && !frame.has(.tag) && !frame.has(.identityChain)
    }

    private static func nonce(_ frame: SealedFrame, _ member: SealedFrame.Member) throws(EMCLFailure) -> EMCLNonce {
        guard frame.base64ByteCount(member) == EMCLNonce.byteCount else { throw EMCLFailure(.badEncoding) }
        let nonce = withUnsafeTemporaryAllocation(byteCount: EMCLNonce.byteCount, alignment: 1) { memory in
            frame.decodeBase64(member, into: memory) ? EMCLNonce(UnsafeRawBufferPointer(memory)) : nil
        }
        guard let nonce else { throw EMCLFailure(.badEncoding) }
        return nonce
    }

    /// The most bytes of the members up to the opening quote of `cipherText`.
    var membersByteCountMax: Int { 256 + keyId.count + context.membersByteCount }

    /// Writes the members of the body up to the opening quote of `cipherText`.
    func appendMembers(to writer: inout MemoryWriter) {
        writer.append(#""emcl":"v2","kid":""#)
        keyId.withUnsafeBytes { writer.append($0) }
        switch context.direction {
        case .request: writer.append(#"","direction":"request","time":"#)
        case .answer: writer.append(#"","direction":"answer","time":"#)
        case .call: writer.append(#"","direction":"call","time":"#)
        case .reply: writer.append(#"","direction":"reply","time":"#)
        }
        writer.append(decimal: milliseconds)
        context.withMembers { writer.append($0) }
        writer.append(#","nonce":""#)
        nonce.withBytes { writer.append(base64: $0) }
        if let asked = context.inReplyTo {
            writer.append(#"","inReplyTo":""#)
            asked.withBytes { writer.append(base64: $0) }
        }
        writer.append(#"","cipherText":""#)
    }
}

extension EMCLDirection {
    /// Which way a frame says that it goes; nil when it says nothing that is known.
    fileprivate init?(_ frame: SealedFrame) {
        func says(_ direction: EMCLDirection) -> Bool { frame.plain(.direction, is: direction.name) }
        if says(.request) {
            self = .request
        } else if says(.answer) {
            self = .answer
        } else if says(.call) {
            self = .call
        } else if says(.reply) {
            self = .reply
        } else {
            return nil
        }
    }
}
