import NIOCore
import NIOSSL

/// What one handshake found out about its peer's certificates.
///
/// Safe to mark as sendable without checks: touched on the connection's event loop alone.
final class CertificateCheck: @unchecked Sendable {
    private let verification: TLSCredentials.PeerVerification
    /// Nil for our own connections, which resume no session.
    private let ends: VerifiedEnds?
    /// Nil where the handshake has asked nothing, as for a resumed session.
    private(set) var verdict: CertificateVerdict?

    init(_ ends: VerifiedEnds? = nil, _ verification: @escaping TLSCredentials.PeerVerification) {
        self.ends = ends
        self.verification = verification
    }

    /// Why the peer was refused; nil where it was not.
    var refused: RefusedCertificate? {
        guard case .refused(let refused) = verdict else { return nil }
        return refused
    }

    /// The Unix second in which the peer's chain is over, when the handshake is done; nil where nothing is known of the leaf.
    ///
    /// - Parameter leaf: in DER.
    func endSeconds(of leaf: [UInt8]) -> Int64? {
        switch verdict {
        case .trusted(let end):
            ends?.remember(end, of: leaf)
            return end
        case .refused: return nil
        case nil: return ends?.endSeconds(of: leaf)
        }
    }

    /// For the library to call with what the peer sent, the leaf first.
    func verify(_ certificates: [NIOSSLCertificate], _ promise: EventLoopPromise<NIOSSLVerificationResult>) {
        let chain = certificates.compactMap { try? $0.toDERBytes() }
        let verdict =
            chain.count == certificates.count
            ? verification(chain)
            : .refused(.init(reason: "certificate_unreadable", message: "a certificate cannot be read"))
        self.verdict = verdict
        switch verdict {
        case .trusted: promise.succeed(.certificateVerified)
        case .refused: promise.succeed(.failed)
        }
    }
}
