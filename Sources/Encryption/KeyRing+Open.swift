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
        let header = try SealedHeader(frame)
        var combined = header.nonce.withCipherNonce { Array($0) }
        try frame.appendCipherText(to: &combined)
        let (key, keyRefusal) = namedKey(header.keyId, header.context.direction.use, now)
        let canonical = header.canonicalBytes()
        let (subkey, isKept) = key.subkeys.forOpening(header.nonce.salt)
        let opened = AESGCM.open(combined, subkey, authenticating: canonical) { Self.committed($0) }
        if keyRefusal == .unknownKey { throw EMCLFailure(.unknownKey) }
        guard let plaintext = opened ?? nil else { throw EMCLFailure(.wrongTag) }
        if !isKept { key.subkeys.keep(subkey, header.nonce.salt) }
        if let refusal = keyRefusal ?? expectation.refusal(of: header.context) { throw EMCLFailure(refusal) }
        guard header.milliseconds >= now - rules.ageMillisecondsMax,
            header.milliseconds <= now + rules.aheadMillisecondsMax
        else { throw EMCLFailure(.outsideWindow) }
        guard Self.beginsAnObject(plaintext) else { throw EMCLFailure(.notAnObject) }
        return OpenedMessage(
            plaintext: plaintext, profile: .v2, keyId: key.id, context: header.context, nonce: header.nonce,
            replayProof: OpenedMessage.ReplayProof(
                digest: header.nonce.bytes, scope: "emcl:v2:" + key.id,
                untilMilliseconds: header.milliseconds + rules.ageMillisecondsMax + 1))
    }

    /// The plaintext behind the zero bytes; nil when they are not all zero.
    private static func committed(_ opened: UnsafeRawBufferPointer) -> [UInt8]? {
        guard opened.count >= commitmentByteCount else { return nil }
        var seen: UInt8 = 0
        for byte in opened[..<commitmentByteCount] { seen |= byte }
        guard seen == 0 else { return nil }
        return Array(UnsafeRawBufferPointer(rebasing: opened[commitmentByteCount...]))
    }

    private func openPython(
        _ frame: SealedFrame, _ use: KeyUse, _ rules: EMCLRules, _ now: Int64
    ) throws(EMCLFailure) -> OpenedMessage {
        guard SealedFrame.Member.allCases.allSatisfy({ frame.has($0) == $0.isPython || $0 == .identityChain }) else {
            throw EMCLFailure(.malformed)
        }
        var iv: [UInt8] = []
        guard frame.appendBase64(.iv, to: &iv), iv.count == AESGCM.nonceByteCount,
            let nonce = EMCLNonce(Array(repeating: 0, count: EMCLNonce.saltByteCount) + iv)
        else { throw EMCLFailure(.badEncoding) }
        var combined = iv
        try frame.appendCipherText(to: &combined)
        let keys = unnamedKeys(use, now)
        guard !keys.isEmpty else { throw EMCLFailure(.unknownKey) }
        for key in keys {
            let opened = AESGCM.open(combined, key.bytes.key, authenticating: Self.pythonHeader) { Array($0) }
            guard let plaintext = opened else { continue }
            // Other parts of a v1 peer's cluster may not read as strictly as we do: nothing but an object goes on.
            guard Self.beginsAnObject(plaintext), (try? JSONText(validating: plaintext, limits: Self.boundless)) != nil
            else { throw EMCLFailure(.notAnObject) }
            return OpenedMessage(
                plaintext: plaintext, profile: .v1, keyId: key.id, context: nil, nonce: nonce,
                replayProof: OpenedMessage.ReplayProof(
                    digest: iv, scope: "emcl:v1:" + key.id,
                    untilMilliseconds: now + rules.untimedReplayMilliseconds))
        }
        throw EMCLFailure(.wrongTag)
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
    /// Puts the decoded ciphertext with its tag behind the nonce.
    fileprivate func appendCipherText(to combined: inout [UInt8]) throws(EMCLFailure) {
        guard has(.cipherText) else { throw EMCLFailure(.malformed) }
        guard appendBase64(.cipherText, to: &combined) else { throw EMCLFailure(.badEncoding) }
    }
}
