package import Crypto
package import IntentProtocol

/// The bytes of a key: 32 of them, wiped when the last copy is released, and printed as `<redacted>`.
///
/// They lie in a `SymmetricKey` of swift-crypto, whose storage (`SecureBytes.Backing`) clears its whole capacity in `deinit` by
/// `memset_s`, which on Linux is BoringSSL's `OPENSSL_cleanse`; comparing two takes the same time wherever they differ. What
/// a key was read from (a document, an environment variable) is not covered by this: it lies with whoever read it.
package struct KeyBytes: Sendable, Equatable {
    /// How many bytes a key has.
    package static let byteCount = 32

    package let key: SymmetricKey

    /// Takes 32 bytes; nil for another number.
    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        key = SymmetricKey(data: Array(bytes))
    }

    /// Takes a key that was drawn at random, of 256 bits.
    package init(random key: SymmetricKey) {
        precondition(key.bitCount == 8 * Self.byteCount, "a key has 256 bits")
        self.key = key
    }

    /// Makes bytes that are no secret.
    init(repeating byte: UInt8) {
        key = SymmetricKey(data: [UInt8](repeating: byte, count: Self.byteCount))
    }

    /// Takes a key as the Python package takes its text: the 32 bytes of UTF-8 themselves, otherwise the SHA-256 of them; nil for
    /// an empty text. For profile `v1` alone: a passphrase is no key.
    package init?(pythonText text: Secret) {
        let bytes = Array(text.reveal().utf8)
        guard !bytes.isEmpty else { return nil }
        key = bytes.count == Self.byteCount ? SymmetricKey(data: bytes) : SymmetricKey(data: SHA256.hash(data: bytes))
    }

    /// Reads 64 hex digits of either case, or 44 characters of base64; nil for anything else.
    package init?(encoded text: some Collection<UInt8>) {
        let digits = text.map { (UInt8(ascii: "A")...UInt8(ascii: "F")).contains($0) ? $0 | 0x20 : $0 }
        let bytes = digits.count == 2 * Self.byteCount ? HexDigits.bytes(of: digits) : Base64.bytes(of: text)
        guard let bytes else { return nil }
        self.init(bytes)
    }
}

extension KeyBytes: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    /// `dump` shows the children of a value: there are none.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
