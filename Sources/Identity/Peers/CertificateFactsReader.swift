/// What certificates say of themselves, read once for each: peers come back with the certificate they had.
package final class CertificateFactsReader: Sendable {
    /// Certificates of services that call one node; each takes about two kilobytes.
    static let entriesMax = 1_024

    private let known = Remembered<[UInt8], CertificateFacts>(entriesMax: entriesMax)

    package init() {}

    /// What a certificate says of itself; whether it is to be believed is for others.
    ///
    /// - Parameter der: the certificate, of which the handshake has found that it is to be believed.
    package func facts(der: [UInt8]) throws(CertificateRefusal) -> CertificateFacts {
        if let facts = known.value(der) { return facts }
        let facts = try CertificateReader.facts(der: der)
        known.remember(facts, for: der)
        return facts
    }
}
