/// How AES-GCM ended over a message that should open.
enum CipherOutcome: Sendable {
    /// The tag was right, and the plaintext lies where the ciphertext lay.
    case done
    /// The tag is not the key's over these bytes.
    case wrongTag
    /// libcrypto lacks the memory or the algorithm: of the message nothing is known.
    case unavailable
}
