import ArgumentParser
import NIOSSL

extension TLSConfiguration {
    /// A client's, of the files that options name.
    ///
    /// - Parameters:
    ///   - authorities: who vouches for the other side; the system's where there are none.
    ///   - cert: our certificate, for mutual TLS; with `key`.
    /// - Throws: `ValidationError` where one cannot be used.
    static func client(authorities: [String], cert: String?, key: String?) throws -> TLSConfiguration {
        var tls = TLSConfiguration.makeClientConfiguration()
        do {
            if !authorities.isEmpty {
                tls.trustRoots = .certificates(try authorities.flatMap { try NIOSSLCertificate.fromPEMFile($0) })
            }
            if let cert, let key {
                tls.certificateChain = try NIOSSLCertificate.fromPEMFile(cert).map { .certificate($0) }
                tls.privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
            }
        } catch {
            throw ValidationError("the files of --cert, --key and --ca cannot be used: \(error)")
        }
        return tls
    }
}
