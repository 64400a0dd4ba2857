/// A certificate that holds: its chain leads to the right bundle, and it names one service.
package struct VerifiedCertificate: Sendable, Hashable {
    /// The service, by `mtls`.
    package let identity: ServiceIdentity
    /// What the leaf says of itself.
    package let facts: CertificateFacts
    /// The last Unix second at which the whole chain holds.
    package let notAfterSeconds: Int64
}
