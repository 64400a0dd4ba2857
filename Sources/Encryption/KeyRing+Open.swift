package import IntentProtocol

extension KeyRing {
    /// Opens a message.
    ///
    /// Whatever is wrong with it is found after the same work: a key that is not there, or a context that is not expected,
    /// takes as long as a wrong tag. Ask the replay cache about ``OpenedMessage/replayProof`` afterwards, and compare the
    /// envelope inside by ``EMCLContext/names(_:)``.
    ///
    /// - Parameters:
    ///   - frame: from ``IntentProtocol/SealedFrame``, which bounds its size.
    ///   - expectation: what is known of it beforehand: the caller was authenticated before.
    ///   - rules: what is accepted.
    package func open(
        _ frame: SealedFrame, as expectation: EMCLExpectation, under rules: EMCLRules, nowUnixMilliseconds now: Int64
    ) throws(EMCLFailure) -> OpenedMessage {
        let profile = frame.has(.emcl) ? EMCLProfile.v2 : .v1
        guard rules.profiles.contains(profile) else { throw EMCLFailure(.profileNotAccepted) }
        switch profile {
        case .v1: return try openPython(frame, expectation.direction.use, rules, now)
        case .v2: return try openBound(frame, expectation, rules, now)
        }
    }

    private func openBound(
        _ frame: SealedFrame, _ expectation: EMCLExpectation, _ rules: EMCLRules, _ now: Int64
    ) throws(EMCLFailure) -> OpenedMessage {
        let header = try SealedHeader(frame, among: keys, expecting: expectation.context)
        let (key, keyRefusal) = namedKey(header.keyId, header.context.direction.use, now)
        let opened = try frame.withCipherText { memory -> Result<[UInt8], EMCLFailure> in
            let (cipher, isKept) = key.subkeys.forOpening(header.nonce.salt)
            let outcome = header.withCanonicalBytes { canonical in
                header.nonce.withCipherNonce { cipher.open(memory, nonce: $0, authenticating: canonical) }
            }
            guard outcome != .unavailable else { return .failure(EMCLFailure(.cipherUnavailable)) }
            guard outcome == .done, let plaintext = Self.committed(memory.dropLast(AESGCM.tagByteCount)) else {
                return .failure(EMCLFailure(.wrongTag))
            }
            if keyRefusal != .unknownKey, !isKept { key.subkeys.keep(cipher, header.nonce.salt) }
            return .success(plaintext)
        }
        // Nobody is blamed for a message that could not be looked at.
        if case .failure(let failure) = opened, failure.isOurs { throw failure }
        if keyRefusal == .unknownKey { throw EMCLFailure(.unknownKey) }
        let plaintext = try opened.get()
        if let refusal = keyRefusal ?? expectation.refusal(of: header.context) { throw EMCLFailure(refusal) }
        guard header.milliseconds >= now - rules.ageMillisecondsMax,
            header.milliseconds <= now + rules.aheadMillisecondsMax
        else { throw EMCLFailure(.outsideWindow) }
        guard Self.beginsAnObject(plaintext) else { throw EMCLFailure(.notAnObject) }
        return OpenedMessage(
            plaintext: plaintext, profile: .v2, keyId: key.id, context: header.context, nonce: header.nonce,
            replayScope: key.replayScope, replayUntilMilliseconds: header.milliseconds + rules.ageMillisecondsMax + 1)
    }

    /// The plaintext behind the zero bytes; nil when they are not all zero.
    private static func committed(_ opened: Slice<UnsafeMutableRawBufferPointer>) -> [UInt8]? {
        guard opened.count >= commitmentByteCount else { return nil }
        let opened = UnsafeRawBufferPointer(rebasing: opened)
        var seen: UInt8 = 0
        for byte in opened.prefix(commitmentByteCount) { seen |= byte }
        guard seen == 0 else { return nil }
        return Array(UnsafeRawBufferPointer(rebasing: opened[commitmentByteCount...]))
    }

    private func openPython(
        _ frame: SealedFrame, _ use: KeyUse, _ rules: EMCLRules, _ now: Int64
    ) throws(EMCLFailure) -> OpenedMessage {
        guard SealedFrame.Member.allCases.allSatisfy({ frame.has($0) == $0.isPython || $0 == .identityChain }) else {
            throw EMCLFailure(.malformed)
        }
        guard let nonce = Self.pythonNonce(frame) else { throw EMCLFailure(.badEncoding) }
        let keys = unnamedKeys(use, now)
        guard !keys.isEmpty else { throw EMCLFailure(.unknownKey) }
        let opened = try frame.withCipherText { sealed -> Result<(key: RingKey, plaintext: [UInt8]), EMCLFailure> in
            for key in keys {
                // A key that is not it leaves nothing to try the next one on.
                var memory = Array(sealed)
                let outcome = memory.withUnsafeMutableBytes { memory in
                    Self.pythonHeader.withUnsafeBytes { header in
                        nonce.withCipherNonce { key.cipher.open(memory, nonce: $0, authenticating: header) }
                    }
                }
                switch outcome {
                case .done:
                    memory.removeLast(AESGCM.tagByteCount)
                    return .success((key, memory))
                case .wrongTag: continue
                case .unavailable: return .failure(EMCLFailure(.cipherUnavailable))
                }
            }
            return .failure(EMCLFailure(.wrongTag))
        }
        let (key, plaintext) = try opened.get()
        // Other parts of a v1 peer's cluster may not read as strictly as we do: nothing but an object goes on.
        guard Self.beginsAnObject(plaintext), (try? JSONText(validating: plaintext, limits: Self.boundless)) != nil
        else { throw EMCLFailure(.notAnObject) }
        return OpenedMessage(
            plaintext: plaintext, profile: .v1, keyId: key.id, context: nil, nonce: nonce,
            replayScope: key.replayScope, replayUntilMilliseconds: now + rules.untimedReplayMilliseconds)
    }

    /// The twelve bytes of `iv` behind a salt that stands for none.
    private static func pythonNonce(_ frame: SealedFrame) -> EMCLNonce? {
        guard frame.base64ByteCount(.iv) == AESGCM.nonceByteCount else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: EMCLNonce.byteCount, alignment: 1) { memory in
            memory.initializeMemory(as: UInt8.self, repeating: 0)
            let iv = UnsafeMutableRawBufferPointer(rebasing: memory[EMCLNonce.saltByteCount...])
            return frame.decodeBase64(.iv, into: iv) ? EMCLNonce(UnsafeRawBufferPointer(memory)) : nil
        }
    }

    /// Whether the first thing is a brace; what follows is for the envelope's own reader.
    private static func beginsAnObject(_ bytes: [UInt8]) -> Bool {
        let first = bytes.first { $0 != 0x20 && $0 != 0x0A && $0 != 0x0D && $0 != 0x09 }
        return first == UInt8(ascii: "{")
    }

    /// The sizes inside are bounded by the frame's.
    private static let boundless = JSONLimits.reply(bytesMax: plaintextBytesMax)
}

extension SealedFrame.Member {
    fileprivate var isPython: Bool {
        switch self {
        case .cipherText, .iv, .tag, .identityChain: true
        case .emcl, .kid, .direction, .time, .caller, .tenant, .audience, .intent, .intentVersion, .requestId,
            .inReplyTo, .nonce:
            false
        }
    }
}

extension SealedFrame {
    /// Lends the decoded ciphertext with the tag behind it, to be opened where it lies.
    fileprivate func withCipherText<Result>(
        _ body: (UnsafeMutableRawBufferPointer) -> Result
    ) throws(EMCLFailure) -> Result {
        guard has(.cipherText) else { throw EMCLFailure(.malformed) }
        guard let count = base64ByteCount(.cipherText) else { throw undecodable }
        let result = withUnsafeTemporaryAllocation(byteCount: count, alignment: 1) { memory in
            decodeBase64(.cipherText, into: memory) ? body(memory) : nil
        }
        guard let result else { throw undecodable }
        return result
    }

    /// Why a ciphertext is no base64: it is badly encoded, or members stand in it that do not belong there.
    private var undecodable: EMCLFailure {
        guard isOrdinary else { return EMCLFailure(.badEncoding) }
        do {
            _ = try SealedHeader(lookedThrough())
            return EMCLFailure(.badEncoding)
        } catch {
            return EMCLFailure(.malformed)
        }
    }
}
