package import NIOSSL
import Synchronization

/// TLS to Redis: trust, certificate and key of new connections; replaced whole, while those that are open keep theirs.
package final class RedisTLS: Sendable {
    private let active: Mutex<NIOSSLContext>

    /// Takes a context that verifies the server's certificate and its name.
    package init(_ context: NIOSSLContext) {
        active = Mutex(context)
    }

    /// Makes TLS settings with full verification of the server's certificate and its name.
    ///
    /// - Parameters:
    ///   - authorityFile: PEM certificates that are trusted; the system's when nil.
    ///   - certificateFile: our certificate chain as PEM; needs `keyFile`.
    /// - Throws: what a file that cannot be read or understood gives.
    package convenience init(authorityFile: String?, certificateFile: String?, keyFile: String?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        if let authorityFile { configuration.trustRoots = .file(authorityFile) }
        if let certificateFile, let keyFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
        }
        self.init(try NIOSSLContext(configuration: configuration))
    }

    /// For a connection that begins now.
    var context: NIOSSLContext { active.withLock { $0 } }

    /// For connections that begin from now on.
    package func replace(by context: NIOSSLContext) {
        active.withLock { $0 = context }
    }
}
