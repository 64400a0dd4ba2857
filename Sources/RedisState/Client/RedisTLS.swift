package import NIOSSL

/// TLS to Redis: the context is made once, where the files are read.
package struct RedisTLS: Sendable {
    /// Trust, certificate and key.
    package let context: NIOSSLContext

    /// Makes TLS settings with full verification of the server's certificate and its name.
    ///
    /// - Parameters:
    ///   - authorityFile: PEM certificates that are trusted; the system's when nil.
    ///   - certificateFile: our certificate chain as PEM; needs `keyFile`.
    /// - Throws: what a file that cannot be read or understood gives.
    package init(authorityFile: String?, certificateFile: String?, keyFile: String?) throws {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.certificateVerification = .fullVerification
        if let authorityFile { configuration.trustRoots = .file(authorityFile) }
        if let certificateFile, let keyFile {
            configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateFile).map { .certificate($0) }
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(file: keyFile, format: .pem))
        }
        context = try NIOSSLContext(configuration: configuration)
    }
}
