import COpenSSL
import Crypto

/// A prepared AES-256-GCM of libcrypto under one key, its round keys and powers of the hash key worked out.
// @unchecked: whoever has one lends it to one caller at a time, so no two threads are in it.
final class CipherContext: @unchecked Sendable {
    /// The algorithm, fetched once; nil when no provider of libcrypto has it.
    // unsafe: it is never freed, and libcrypto lets threads share an EVP_CIPHER that was fetched (only its references are counted).
    private nonisolated(unsafe) static let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil)

    private let context: OpaquePointer

    /// nil when libcrypto lacks the memory or the algorithm.
    init?(_ key: SymmetricKey) {
        guard let cipher = Self.cipher, let context = EVP_CIPHER_CTX_new() else {
            ERR_clear_error()
            return nil
        }
        let isReady = key.withUnsafeBytes { key in
            key.count == 32
                && EVP_CipherInit_ex(context, cipher, nil, key.assumingMemoryBound(to: UInt8.self).baseAddress, nil, 1)
                    == 1
        }
        guard isReady else {
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
            return nil
        }
        self.context = context
    }

    /// libcrypto wipes what it worked out of the key when it frees it.
    deinit {
        EVP_CIPHER_CTX_free(context)
    }

    /// Encrypts all but the last sixteen bytes of the memory where they lie, and writes the tag into those; false when libcrypto fails.
    func seal(
        _ memory: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer,
        authenticating header: UnsafeRawBufferPointer
    ) -> Bool {
        let (text, tag) = parts(memory)
        let isSealed =
            begin(nonce, header, encrypting: 1) && update(text) && finish(text)
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, Int32(tag.count), tag.baseAddress) == 1
        if !isSealed { ERR_clear_error() }
        return isSealed
    }

    /// Decrypts all but the last sixteen bytes of the memory where they lie; unless it is done, what lies there then is nobody's.
    func open(
        _ memory: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer,
        authenticating header: UnsafeRawBufferPointer
    ) -> CipherOutcome {
        let (text, tag) = parts(memory)
        let isReady =
            begin(nonce, header, encrypting: 0)
            && EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, Int32(tag.count), tag.baseAddress) == 1
            && update(text)
        // All that is left is to compare the tag.
        if isReady, finish(text) { return .done }
        // What a wrong tag leaves in the thread's error queue belongs to nobody.
        ERR_clear_error()
        return isReady ? .wrongTag : .unavailable
    }

    private func parts(
        _ memory: UnsafeMutableRawBufferPointer
    ) -> (text: UnsafeMutableRawBufferPointer, tag: UnsafeMutableRawBufferPointer) {
        let end = memory.count - AESGCM.tagByteCount
        return (
            UnsafeMutableRawBufferPointer(rebasing: memory[..<end]),
            UnsafeMutableRawBufferPointer(rebasing: memory[end...])
        )
    }

    /// The key stays; a nonce of twelve bytes is what the cipher expects unless it is told otherwise.
    private func begin(
        _ nonce: UnsafeRawBufferPointer, _ header: UnsafeRawBufferPointer, encrypting: Int32
    ) -> Bool {
        var written: Int32 = 0
        return nonce.count == AESGCM.nonceByteCount
            && EVP_CipherInit_ex(
                context, nil, nil, nil, nonce.assumingMemoryBound(to: UInt8.self).baseAddress, encrypting) == 1
            && EVP_CipherUpdate(
                context, nil, &written, header.assumingMemoryBound(to: UInt8.self).baseAddress, Int32(header.count))
                == 1
    }

    private func update(_ text: UnsafeMutableRawBufferPointer) -> Bool {
        guard !text.isEmpty else { return true }
        let bytes = text.assumingMemoryBound(to: UInt8.self).baseAddress
        var written: Int32 = 0
        return EVP_CipherUpdate(context, bytes, &written, bytes, Int32(text.count)) == 1 && Int(written) == text.count
    }

    /// Makes or compares the tag; a stream cipher has nothing more to write.
    private func finish(_ text: UnsafeMutableRawBufferPointer) -> Bool {
        var written: Int32 = 0
        return EVP_CipherFinal_ex(context, text.assumingMemoryBound(to: UInt8.self).baseAddress, &written) == 1
    }
}
