/// A certificate that holds: its chain leads to the right bundle, and it names one service.
package struct VerifiedCertificate: Sendable, Hashable {
    /// The service, by `mtls`.
    package let identity: ServiceIdentity
    /// What the leaf says of itself.
    package let facts: CertificateFacts
    /// The Unix second at which the first of the chain is over.
    package let notAfterSeconds: Int64
}
