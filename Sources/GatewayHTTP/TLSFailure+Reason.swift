import NIOCore
import NIOSSL

extension TLSGauges.Failure {
    /// The reason of an error of the handshake, as far as the library names it.
    init(_ error: any Error) {
        switch error {
        // Peers that go away come by the thousand: no words for them.
        case NIOSSLError.uncleanShutdown, is IOError, is ChannelError:
            self = .broken
            return
        default: break
        }
        let text = "\(error)"
        self = Self.phrases.first { text.contains($0.phrase) }?.reason ?? .broken
    }

    /// What is told of a certificate that the handshake itself had nothing against.
    var refusedCertificate: RefusedCertificate? {
        switch self {
        case .expiredCertificate:
            RefusedCertificate(
                reason: "certificate_expired", message: "the certificate of the resumed session has expired")
        case .noCertificate:
            RefusedCertificate(reason: "no_certificate", message: "the client showed no certificate")
        case .notTLS, .notPlain, .tooMany, .tooManyOfPeer, .timeout, .broken, .version, .cipher,
            .untrustedCertificate,
            .unknownSession:
            nil
        }
    }

    private static let phrases: [(phrase: String, reason: Self)] = [
        ("PEER_DID_NOT_RETURN_A_CERTIFICATE", .noCertificate),
        ("CERTIFICATE_VERIFY_FAILED", .untrustedCertificate),
        ("UNSUPPORTED_PROTOCOL", .version),
        ("NO_SHARED_CIPHER", .cipher),
        ("WRONG_CURVE", .cipher),
        ("NO_COMMON_SIGNATURE_ALGORITHMS", .cipher),
    ]
}
