/// What a client asks for before anything is decided.
struct ClientHello: Hashable {
    /// nil when it asks for no name.
    var serverName: [UInt8]?
    /// The best that it offers for certificates of either kind; nil for none.
    private(set) var ecdsa: TLS12Cipher?
    private(set) var rsa: TLS12Cipher?

    /// What it is to be given; nil where that depends on the certificate that it is shown, and where it offers none of ours.
    var preferred: TLS12Cipher? {
        guard let ecdsa, let rsa else { return ecdsa ?? rsa }
        return ecdsa == rsa ? ecdsa : nil
    }

    /// Takes one of the suites that it offers, by its number.
    mutating func offer(_ suite: UInt16) {
        switch suite {
        case 0xC02B: ecdsa = min(ecdsa ?? .aes128, .aes128)
        case 0xC02C: ecdsa = min(ecdsa ?? .aes256, .aes256)
        case 0xCCA9: ecdsa = min(ecdsa ?? .chacha20, .chacha20)
        case 0xC02F: rsa = min(rsa ?? .aes128, .aes128)
        case 0xC030: rsa = min(rsa ?? .aes256, .aes256)
        case 0xCCA8: rsa = min(rsa ?? .chacha20, .chacha20)
        default: break
        }
    }
}
