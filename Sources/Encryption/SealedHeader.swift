import IntentProtocol

/// The part of a `v2` message that stands in clear, and its canonical bytes: the subkey is derived from them and the tag covers
/// them. EMCL.md states them byte by byte.
struct SealedHeader {
    let keyId: [UInt8]
    let context: EMCLContext
    let milliseconds: Int64
    let nonce: EMCLNonce

    /// `EMCL v2`, the direction, the time, the nonce, then the key id, what is answered and the texts, each after its length.
    func canonicalBytes() -> [UInt8] {
        let byteCountMax = 80 + keyId.count + context.texts.count
        return [UInt8](unsafeUninitializedCapacity: byteCountMax) { buffer, count in
            var writer = MemoryWriter(buffer)
            writer.append("EMCL v2")
            writer.append(context.direction.rawValue)
            withUnsafeBytes(of: milliseconds.bigEndian) { writer.append($0) }
            nonce.withBytes { writer.append($0) }
            writer.append(0)
            writer.append(UInt8(truncatingIfNeeded: keyId.count))
            keyId.withUnsafeBytes { writer.append($0) }
            writer.append(0)
            writer.append(context.inReplyTo == nil ? 0 : UInt8(EMCLNonce.byteCount))
            context.inReplyTo?.withBytes { writer.append($0) }
            context.texts.withUnsafeBytes { writer.append($0) }
            count = writer.count
        }
    }
}

extension SealedHeader {
    /// Reads the members of a `v2` body: every one of them and no other.
    init(_ frame: SealedFrame) throws(EMCLFailure) {
        guard frame.plain(.emcl, is: "v2"), let keyId = frame.plainBytes(.kid), keyId.count <= RingKey.idBytesMax,
            let direction = EMCLDirection.allCases.first(where: { frame.plain(.direction, is: $0.name) }),
            let milliseconds = frame.milliseconds, frame.has(.cipherText), frame.has(.nonce),
            !frame.has(.iv), !frame.has(.tag), !frame.has(.identityChain)
        else { throw EMCLFailure(.malformed) }
        let asked = frame.has(.inReplyTo) ? try Self.nonce(frame, .inReplyTo) : nil
        guard let context = EMCLContext(direction, inReplyTo: asked, frame), context.isSealable else {
            throw EMCLFailure(.malformed)
        }
        self.keyId = keyId
        self.context = context
        self.milliseconds = milliseconds
        nonce = try Self.nonce(frame, .nonce)
    }

    private static func nonce(_ frame: SealedFrame, _ member: SealedFrame.Member) throws(EMCLFailure) -> EMCLNonce {
        var bytes: [UInt8] = []
        guard frame.appendBase64(member, to: &bytes), let nonce = EMCLNonce(bytes) else {
            throw EMCLFailure(.badEncoding)
        }
        return nonce
    }

    /// The members of the body up to the opening quote of `cipherText`.
    func members() -> [UInt8] {
        // A byte of a text takes six at most, as `\u0000`.
        let byteCountMax = 384 + keyId.count + 6 * context.texts.count
        return [UInt8](unsafeUninitializedCapacity: byteCountMax) { buffer, count in
            var writer = MemoryWriter(buffer)
            writer.append(#""emcl":"v2","kid":""#)
            keyId.withUnsafeBytes { writer.append($0) }
            writer.append(#"","direction":""#)
            writer.append(context.direction.name)
            writer.append(#"","time":"#)
            writer.append(decimal: milliseconds)
            writer.append(#","caller":""#, escaping: context.caller)
            writer.append(#"","tenant":""#, escaping: context.tenant)
            writer.append(#"","audience":""#, escaping: context.audience)
            writer.append(#"","intent":""#, escaping: context.intent)
            writer.append(#"","intentVersion":""#, escaping: context.intentVersion)
            writer.append(#"","requestId":""#, escaping: context.requestId)
            writer.append(#"","nonce":""#)
            nonce.withBytes { writer.append(base64: $0) }
            if let asked = context.inReplyTo {
                writer.append(#"","inReplyTo":""#)
                asked.withBytes { writer.append(base64: $0) }
            }
            writer.append(#"","cipherText":""#)
            count = writer.count
        }
    }
}
