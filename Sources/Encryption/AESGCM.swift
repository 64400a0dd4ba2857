import Crypto
import FoundationEssentials

/// AES-256-GCM over bytes, with a nonce of twelve and a tag of sixteen.
enum AESGCM {
    static let nonceByteCount = 12
    static let tagByteCount = 16

    /// Seals; hands over the ciphertext with the tag behind it.
    static func seal(
        _ plaintext: [UInt8], _ key: SymmetricKey, _ nonce: UnsafeRawBufferPointer, authenticating header: [UInt8],
        _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(EMCLFailure) {
        do {
            let box = try AES.GCM.seal(
                plaintext, using: key, nonce: AES.GCM.Nonce(data: nonce), authenticating: header)
            // The nonce has its default size, so the box has a combined form: nonce, ciphertext, tag.
            box.combined?.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[nonceByteCount...])) }
        } catch {
            throw EMCLFailure(.notSealable)
        }
    }

    /// Opens a nonce of twelve bytes, ciphertext and tag; nil when the tag is wrong or there is no whole one.
    static func open<Result>(
        _ combined: [UInt8], _ key: SymmetricKey, authenticating header: [UInt8],
        _ body: (UnsafeRawBufferPointer) -> Result
    ) -> Result? {
        guard combined.count >= nonceByteCount + tagByteCount, let box = try? AES.GCM.SealedBox(combined: combined),
            let plaintext = try? AES.GCM.open(box, using: key, authenticating: header)
        else { return nil }
        return plaintext.withUnsafeBytes(body)
    }
}
