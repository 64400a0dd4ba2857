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
        _ plaintext: ArraySlice<UInt8>, _ context: EMCLContext, profile: EMCLProfile = .v2,
        openedBy keyId: String? = nil, nowUnixMilliseconds now: Int64, randomBits: () -> UInt64
    ) throws(EMCLFailure) -> SealedMessage {
        guard plaintext.count <= Self.plaintextBytesMax else { throw EMCLFailure(.notSealable) }
        let random = randomBits()
        let (key, count) = try keyForSealing(profile, context.direction.use, keyId, random, now)
        let nonce: EMCLNonce
        let frame: [UInt8]?
        switch profile {
        case .v1:
            // No count: other processes count from the same number, so that all 96 bits must be random.
            nonce = EMCLNonce(
                salt: (0, 0), count: UInt32(truncatingIfNeeded: randomBits()), random: random)
            frame = Self.frame(bodyBytesMax: Self.pythonBodyBytesMax(plaintext)) { writer in
                Self.appendPythonBody(plaintext, key, nonce, to: &writer)
            }
        case .v2:
            let subkey = key.subkeys.forSealing(now, randomBits: randomBits)
            nonce = EMCLNonce(salt: subkey.salt, count: count, random: random)
            let header = SealedHeader(keyId: key.idBytes, context: context, milliseconds: now, nonce: nonce)
            guard context.isSealable, now > 0 else { throw EMCLFailure(.notSealable) }
            frame = Self.frame(bodyBytesMax: Self.bodyBytesMax(plaintext, header)) { writer in
                Self.appendBody(plaintext, subkey, header, to: &writer)
            }
        }
        guard let frame else { throw EMCLFailure(.cipherUnavailable) }
        return SealedMessage(frame: frame, nonce: nonce)
    }

    /// Seals all of an array.
    package func seal(
        _ plaintext: [UInt8], _ context: EMCLContext, profile: EMCLProfile = .v2, openedBy keyId: String? = nil,
        nowUnixMilliseconds now: Int64, randomBits: () -> UInt64
    ) throws(EMCLFailure) -> SealedMessage {
        try seal(
            plaintext[...], context, profile: profile, openedBy: keyId, nowUnixMilliseconds: now,
            randomBits: randomBits)
    }

    /// A frame around a body without its braces; nil when libcrypto did not seal.
    @inline(__always)
    private static func frame(bodyBytesMax: Int, _ body: (inout MemoryWriter) -> Bool) -> [UInt8]? {
        var isWritten = false
        let byteCountMax = SealedFrame.head.utf8CodeUnitCount + bodyBytesMax + 3
        let frame = [UInt8](bytesMax: byteCountMax) { memory in
            var writer = MemoryWriter(memory)
            writer.append(SealedFrame.head)
            writer.append(UInt8(ascii: "{"))
            isWritten = body(&writer)
            writer.append("}}")
            return writer.count
        }
        return isWritten ? frame : nil
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

    /// The most bytes of a body, without its braces.
    static func bodyBytesMax(_ plaintext: ArraySlice<UInt8>, _ header: borrowing SealedHeader) -> Int {
        header.membersByteCountMax + 1
            + Base64.encodedCount(commitmentByteCount + plaintext.count + AESGCM.tagByteCount)
    }

    static func appendBody(
        _ plaintext: ArraySlice<UInt8>, _ subkey: Subkeys.Subkey, _ header: borrowing SealedHeader,
        to writer: inout MemoryWriter
    ) -> Bool {
        header.appendMembers(to: &writer)
        let isSealed = header.withCanonicalBytes {
            appendSealed(
                plaintext, zeroes: commitmentByteCount, subkey.cipher, header.nonce, authenticating: $0, to: &writer)
        }
        writer.append(UInt8(ascii: "\""))
        return isSealed
    }

    /// The most bytes of the four members that the Python package knows.
    static func pythonBodyBytesMax(_ plaintext: ArraySlice<UInt8>) -> Int {
        128 + Base64.encodedCount(plaintext.count + AESGCM.tagByteCount)
    }

    /// The four members that the Python package knows, in its order.
    static func appendPythonBody(
        _ plaintext: ArraySlice<UInt8>, _ key: RingKey, _ nonce: EMCLNonce, to writer: inout MemoryWriter
    ) -> Bool {
        writer.append("\"cipherText\":\"")
        let isSealed = pythonHeader.withUnsafeBytes {
            appendSealed(plaintext, zeroes: 0, key.cipher, nonce, authenticating: $0, to: &writer)
        }
        writer.append("\",\"iv\":\"")
        nonce.withCipherNonce { writer.append(base64: $0) }
        writer.append("\",\"tag\":\"\",\"identityChain\":[]")
        return isSealed
    }

    /// Appends the base64 of some zero bytes and a plaintext, sealed, with the tag behind.
    private static func appendSealed(
        _ plaintext: ArraySlice<UInt8>, zeroes: Int, _ cipher: AESGCM, _ nonce: EMCLNonce,
        authenticating header: UnsafeRawBufferPointer, to writer: inout MemoryWriter
    ) -> Bool {
        let byteCount = zeroes + plaintext.count + AESGCM.tagByteCount
        return withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 1) { memory in
            UnsafeMutableRawBufferPointer(rebasing: memory[..<zeroes]).initializeMemory(as: UInt8.self, repeating: 0)
            let text = UnsafeMutableRawBufferPointer(rebasing: memory[zeroes...])
            plaintext.withUnsafeBytes { text.copyMemory(from: $0) }
            let isSealed = nonce.withCipherNonce { cipher.seal(memory, nonce: $0, authenticating: header) }
            if isSealed { writer.append(base64: UnsafeRawBufferPointer(memory)) }
            return isSealed
        }
    }

    /// What profile `v1` authenticates beside the plaintext: always this.
    static let pythonHeader = Array("emcl-aes-gcm".utf8)
}
