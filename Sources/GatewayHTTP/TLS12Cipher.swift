/// How TLS 1.2 encrypts here, the first preferred: forward secrecy and authenticated encryption alone.
///
/// Each is spoken with certificates of both kinds.
enum TLS12Cipher: Int, CaseIterable, Comparable {
    case aes128
    case aes256
    case chacha20

    /// Its suites as BoringSSL calls them, between colons.
    var suites: String {
        switch self {
        case .aes128: "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
        case .aes256: "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
        case .chacha20: "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
        }
    }

    static func < (left: TLS12Cipher, right: TLS12Cipher) -> Bool { left.rawValue < right.rawValue }
}
