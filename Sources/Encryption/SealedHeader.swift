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
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64 + keyId.count + context.texts.count)
        bytes.append(literal: "EMCL v2")
        bytes.append(context.direction.rawValue)
        withUnsafeBytes(of: milliseconds.bigEndian) { bytes.append(contentsOf: $0) }
        nonce.withBytes { bytes.append(contentsOf: $0) }
        bytes.append(0)
        bytes.append(UInt8(truncatingIfNeeded: keyId.count))
        bytes.append(contentsOf: keyId)
        bytes.append(0)
        if let asked = context.inReplyTo {
            bytes.append(UInt8(EMCLNonce.byteCount))
            asked.withBytes { bytes.append(contentsOf: $0) }
        } else {
            bytes.append(0)
        }
        bytes.append(contentsOf: context.texts)
        return bytes
    }
}

extension SealedHeader {
    /// Reads the members of a `v2` body: every one of them and no other.
    init(_ frame: SealedFrame) throws(EMCLFailure) {
        guard frame.isPlain(.emcl), frame.text(.emcl).map({ $0.elementsEqual("v2".utf8) }) == true,
            frame.isPlain(.kid), let keyId = frame.text(.kid), keyId.count <= RingKey.idBytesMax,
            frame.isPlain(.direction), let direction = frame.text(.direction).flatMap({ EMCLDirection($0) }),
            let milliseconds = frame.milliseconds, frame.has(.cipherText), frame.has(.nonce),
            !frame.has(.iv), !frame.has(.tag), !frame.has(.identityChain)
        else { throw EMCLFailure(.malformed) }
        let asked = frame.has(.inReplyTo) ? try Self.nonce(frame, .inReplyTo) : nil
        guard let context = EMCLContext(direction, inReplyTo: asked, frame), context.isSealable else {
            throw EMCLFailure(.malformed)
        }
        self.keyId = Array(keyId)
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

    /// Appends the members of the body up to the opening quote of `cipherText`.
    func appendMembers(to frame: inout [UInt8]) {
        frame.append(literal: #""emcl":"v2","kid":""#)
        frame.append(contentsOf: keyId)
        frame.append(literal: #"","direction":""#)
        frame.append(literal: context.direction.name)
        frame.append(literal: #"","time":"#)
        frame.append(contentsOf: String(milliseconds).utf8)
        frame.append(#","caller":""#, escaping: context.caller)
        frame.append(#"","tenant":""#, escaping: context.tenant)
        frame.append(#"","audience":""#, escaping: context.audience)
        frame.append(#"","intent":""#, escaping: context.intent)
        frame.append(#"","intentVersion":""#, escaping: context.intentVersion)
        frame.append(#"","requestId":""#, escaping: context.requestId)
        frame.append(literal: #"","nonce":""#)
        nonce.withBytes { Base64.append($0, to: &frame) }
        if let asked = context.inReplyTo {
            frame.append(literal: #"","inReplyTo":""#)
            asked.withBytes { Base64.append($0, to: &frame) }
        }
        frame.append(literal: #"","cipherText":""#)
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ literal: StaticString, escaping text: ArraySlice<UInt8>) {
        append(literal: literal)
        text.withUnsafeBufferPointer { append(escaping: $0) }
    }
}
