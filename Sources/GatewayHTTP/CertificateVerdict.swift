/// What came of looking at the certificates that a peer sent.
package enum CertificateVerdict: Sendable, Hashable {
    /// They hold until this Unix second, and in it no longer.
    case trusted(untilSeconds: Int64)
    case refused(RefusedCertificate)
}

/// Why a peer's certificates were not believed.
package struct RefusedCertificate: Sendable, Hashable {
    /// The stable name for metrics and audit, one of few.
    package let reason: String
    /// For the operator, and for no peer.
    package let message: String

    package init(reason: String, message: String) {
        self.reason = reason
        self.message = message
    }
}
