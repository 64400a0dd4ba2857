import Crypto
import IntentProtocol

/// A frame that was sealed.
package struct SealedMessage: Sendable {
    /// `{"protocol":…,"messageType":"emcl","headers":{},"body":{…}}`.
    package let frame: [UInt8]
    /// What the answer is bound to, by ``EMCLContext/answer(to:)``.
    package let nonce: EMCLNonce
}

extension KeyRing {
    /// The most bytes that are sealed in one message.
    package static let plaintextBytesMax = 64 << 20
    /// Zero bytes before the plaintext. A key under which they come out is the key they were sealed with: GCM alone lets
    /// whoever knows two keys make one message that opens under both.
    static let commitmentByteCount = 32

    /// Seals an envelope or an answer: by the active key, or an answer by the key of what it answers while that one may seal.
    ///
    /// - Parameters:
    ///   - plaintext: a JSON object: an envelope or an answer, without a frame.
    ///   - context: what it is bound to; profile `v1` takes the direction from it and binds nothing.
    ///   - keyId: the key that opened the message which is answered, so that whoever sealed it can open the answer although the ring
    ///     there is an older one. Where that key has ended, or has sealed all it may, the active key takes its place.
    ///   - randomBits: a cryptographic generator; asked once or twice a message, and twice more once a minute.
    package func seal(
        _ plaintext: [UInt8], _ context: EMCLContext, profile: EMCLProfile = .v2, openedBy keyId: String? = nil,
        nowUnixMilliseconds now: Int64, randomBits: () -> UInt64
    ) throws(EMCLFailure) -> SealedMessage {
        guard plaintext.count <= Self.plaintextBytesMax else { throw EMCLFailure(.notSealable) }
        let random = randomBits()
        let (key, count) = try keyForSealing(profile, context.direction.use, keyId, random, now)
        var frame: [UInt8] = []
        frame.reserveCapacity(Base64.encodedCount(plaintext.count + 64) + context.texts.count + 512)
        frame.append(literal: #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":{"#)
        let nonce: EMCLNonce
        switch profile {
        case .v1:
            // No count: other processes count from the same number, so that all 96 bits must be random.
            nonce = EMCLNonce(
                salt: (0, 0), count: UInt32(truncatingIfNeeded: randomBits()), random: random)
            try Self.appendPythonBody(plaintext, key, nonce, to: &frame)
        case .v2:
            let subkey = key.subkeys.forSealing(now, randomBits: randomBits)
            nonce = EMCLNonce(salt: subkey.salt, count: count, random: random)
            let header = SealedHeader(keyId: key.idBytes, context: context, milliseconds: now, nonce: nonce)
            try Self.appendBody(plaintext, subkey, header, to: &frame)
        }
        frame.append(literal: "}}")
        return SealedMessage(frame: frame, nonce: nonce)
    }

    /// The key that seals, and the number of the message under it.
    private func keyForSealing(
        _ profile: EMCLProfile, _ use: KeyUse, _ openedBy: String?, _ random: UInt64, _ now: Int64
    ) throws(EMCLFailure) -> (key: RingKey, count: UInt32) {
        if let openedBy, let key = openingKey(openedBy, profile, use, now),
            let count = key.counter.take(random: random, limit: messagesMaxPerKey)
        {
            return (key, count)
        }
        guard let key = activeKey(profile, for: use, atUnixMilliseconds: now) else { throw EMCLFailure(.noActiveKey) }
        guard let count = key.counter.take(random: random, limit: messagesMaxPerKey) else {
            throw EMCLFailure(.keyExhausted)
        }
        return (key, count)
    }

    static func appendBody(
        _ plaintext: [UInt8], _ subkey: Subkeys.Subkey, _ header: SealedHeader, to frame: inout [UInt8]
    ) throws(EMCLFailure) {
        guard header.context.isSealable, header.milliseconds > 0 else { throw EMCLFailure(.notSealable) }
        frame.append(contentsOf: header.members())
        var committed: [UInt8] = []
        committed.reserveCapacity(commitmentByteCount + plaintext.count)
        committed.append(contentsOf: repeatElement(0, count: commitmentByteCount))
        committed.append(contentsOf: plaintext)
        try appendSealed(committed, subkey.key, header.nonce, header.canonicalBytes(), to: &frame)
        frame.append(UInt8(ascii: "\""))
    }

    /// The four members that the Python package knows, in its order.
    static func appendPythonBody(
        _ plaintext: [UInt8], _ key: RingKey, _ nonce: EMCLNonce, to frame: inout [UInt8]
    ) throws(EMCLFailure) {
        frame.append(literal: "\"cipherText\":\"")
        try appendSealed(plaintext, key.bytes.key, nonce, pythonHeader, to: &frame)
        frame.append(literal: "\",\"iv\":\"")
        nonce.withCipherNonce { Base64.append($0, to: &frame) }
        frame.append(literal: "\",\"tag\":\"\",\"identityChain\":[]")
    }

    private static func appendSealed(
        _ plaintext: [UInt8], _ key: SymmetricKey, _ nonce: EMCLNonce, _ header: [UInt8], to frame: inout [UInt8]
    ) throws(EMCLFailure) {
        let result = nonce.withCipherNonce { nonce -> Result<Void, EMCLFailure> in
            Result { () throws(EMCLFailure) in
                try AESGCM.seal(plaintext, key, nonce, authenticating: header) { Base64.append($0, to: &frame) }
            }
        }
        try result.get()
    }

    /// What profile `v1` authenticates beside the plaintext: always this.
    static let pythonHeader = Array("emcl-aes-gcm".utf8)
}
