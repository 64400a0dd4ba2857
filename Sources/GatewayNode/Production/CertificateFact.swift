import GatewayConfiguration
import NIOSSL

/// Reads the certificates of a file for a production check.
enum CertificateFact {
    /// Last names of the keys whose files hold certificates.
    private static let keys: Set<String> = ["certificateFile", "caFile"]

    static func isCertificate(_ key: String) -> Bool {
        let last = key.split(separator: ".").last.map(String.init) ?? ""
        return keys.contains(last) || last.hasPrefix("trustBundleFiles") || key.contains("federatedBundles")
    }

    /// The certificate of the file that ends first; none where it cannot be read.
    static func read(_ path: String) -> [ProductionFacts.Certificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path),
            let first = certificates.min(by: { $0.notValidAfter < $1.notValidAfter })
        else { return [] }
        return [
            ProductionFacts.Certificate(
                file: path, notBefore: Int64(first.notValidBefore), notAfter: Int64(first.notValidAfter),
                isOfDevelopment: certificates.contains(where: isOfDevelopment))
        ]
    }

    /// Whether it bears the mark that `intentusnet dev-ca` puts into every name it writes.
    private static func isOfDevelopment(_ certificate: NIOSSLCertificate) -> Bool {
        guard let encoded = try? certificate.toDERBytes() else { return false }
        let mark = Array("intentusnet development, not for production".utf8)
        return encoded.indices.contains { encoded[$0...].starts(with: mark) }
    }
}
