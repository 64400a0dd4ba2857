import Crypto
package import IntentProtocol

/// The Python package's `SimpleHMACEMCLProvider`: the envelope in clear with a code over it. **It hides nothing**, names no key and
/// stops no replay; it is there to talk to demonstrations of that package, and needs a ``DevelopmentSwitch``.
package struct HMACDemonstration: Sendable {
    private let key: SymmetricKey

    /// Takes the key's text as the package takes it; nil for an empty one.
    package init?(key text: Secret, _ development: DevelopmentSwitch) {
        let bytes = Array(text.reveal().utf8)
        guard !bytes.isEmpty else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// The sealed body, `{"cipherText":…,"iv":…,"tag":…,"identityChain":[]}`, without a frame.
    ///
    /// - Parameters:
    ///   - plaintext: a JSON object in UTF-8.
    ///   - iv: what peers take as it is; by default the first 16 hex digits of the SHA-256 of the plaintext.
    package func seal(_ plaintext: [UInt8], iv: String? = nil) -> [UInt8] {
        let iv = Array((iv ?? String(HexDigits.text(of: SHA256.hash(data: plaintext)).prefix(16))).utf8)
        var body: [UInt8] = []
        body.append(literal: "{\"cipherText\":\"")
        plaintext.withUnsafeBufferPointer { body.append(escaping: $0) }
        body.append(literal: "\",\"iv\":\"")
        iv.withUnsafeBufferPointer { body.append(escaping: $0) }
        body.append(literal: "\",\"tag\":\"")
        body.append(contentsOf: HexDigits.text(of: code(iv, plaintext)).utf8)
        body.append(literal: "\",\"identityChain\":[]}")
        return body
    }

    /// The JSON object of a sealed body or frame; it must begin with its brace.
    ///
    /// The package also takes white space there, and with it the same code over another cut between `iv` and `cipherText`.
    package func open(_ frame: SealedFrame) throws(EMCLFailure) -> [UInt8] {
        guard let text = frame.text(.cipherText), let iv = frame.text(.iv), let tag = frame.text(.tag),
            !frame.has(.emcl)
        else { throw EMCLFailure(.malformed) }
        guard let given = HexDigits.bytes(of: tag) else { throw EMCLFailure(.badEncoding) }
        // The comparison takes the same time wherever the codes differ.
        guard code(iv, text) == given else { throw EMCLFailure(.wrongTag) }
        let plaintext = Array(text)
        guard plaintext.first == UInt8(ascii: "{"),
            (try? JSONText(validating: plaintext, limits: .reply(bytesMax: plaintext.count))) != nil
        else { throw EMCLFailure(.notAnObject) }
        return plaintext
    }

    private func code(_ iv: some Sequence<UInt8>, _ text: some Sequence<UInt8>) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Array(iv) + Array(text), using: key)
    }
}

extension HMACDemonstration: CustomStringConvertible, CustomReflectable {
    package var description: String { "HMAC demonstration, key <redacted>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
