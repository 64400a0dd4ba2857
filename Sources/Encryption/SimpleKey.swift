import Crypto
import IntentProtocol

/// A key that stands alone where a document could: 64 hex digits, or 32 characters of visible ASCII.
enum SimpleKey {
    /// The key, active always; nil when the bytes are of neither form. White space around is passed over.
    static func read(_ bytes: [UInt8], profile: EMCLProfile) -> RingKey? {
        let isSpace: (UInt8) -> Bool = { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }
        let text = bytes.drop(while: isSpace).reversed().drop(while: isSpace).reversed()
        let isHex = text.count == 2 * KeyBytes.byteCount
        guard isHex || text.count == KeyBytes.byteCount, text.allSatisfy({ (0x21...0x7E).contains($0) }),
            let key = isHex ? KeyBytes(encoded: text) : KeyBytes(text)
        else { return nil }
        return RingKey(id: id(of: key), bytes: key, profile: profile)
    }

    /// A name that all who hold the key give it, and that tells nobody else anything about it.
    private static func id(of key: KeyBytes) -> String {
        let digest = SubkeyDeriver(key).subkey(for: Array("EMCL key id".utf8)).withUnsafeBytes { Array($0.prefix(8)) }
        return "key-" + HexDigits.text(of: digest)
    }
}
