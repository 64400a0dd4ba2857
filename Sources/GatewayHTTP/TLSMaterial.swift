import NIOCore
import NIOSSL

/// Certificates and keys from their files, checked before anything is put in force.
package struct TLSMaterial: Sendable {
    /// When the first certificate of a file ends.
    package struct Expiry: Sendable, Hashable {
        package let file: String
        package let notBeforeUnixSeconds: Int64
        package let notAfterUnixSeconds: Int64
    }

    /// Our own chain, the leaf first.
    let chain: [NIOSSLCertificate]
    let key: NIOSSLPrivateKey?
    /// Our own leaf in DER; nil where we show none.
    package var leaf: [UInt8]? { chain.first.flatMap { try? $0.toDERBytes() } }
    /// Whom peers are trusted by; nil where no file says so.
    let roots: [NIOSSLCertificate]?
    /// The same certificates in DER by the file that they come from.
    package let bundles: [String: [[UInt8]]]
    /// For each file with certificates.
    package let expiries: [Expiry]
    private let files: String

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - identity: our certificate chain and its key; nil for none.
    ///   - bundles: certificates that peers are trusted by.
    ///   - unixSeconds: the wall clock.
    /// - Throws: when a file cannot be understood, or its certificates are not valid at this time.
    package init(
        identity: (certificate: PEMFile, key: PEMFile)?, bundles: [PEMFile], unixSeconds: Int64
    ) throws(TLSMaterialError) {
        var expiries: [Expiry] = []
        var chain: [NIOSSLCertificate] = []
        if let certificate = identity?.certificate {
            chain = try Self.certificates(certificate)
            try Self.checkTime(chain[0], of: certificate, unixSeconds)
            expiries.append(Self.expiry(of: chain, in: certificate, unixSeconds))
        }
        key = try identity.map { identity throws(TLSMaterialError) in try Self.key(identity.key) }
        var roots: [NIOSSLCertificate] = []
        var encoded: [String: [[UInt8]]] = [:]
        for bundle in bundles {
            let certificates = try Self.certificates(bundle)
            guard certificates.contains(where: { Int64($0.notValidAfter) >= unixSeconds }) else {
                throw TLSMaterialError("every certificate in '\(bundle.name)' has expired; put in those of today")
            }
            expiries.append(Self.expiry(of: certificates, in: bundle, unixSeconds))
            roots += certificates
            let encodings = certificates.compactMap { try? $0.toDERBytes() }
            guard encodings.count == certificates.count else {
                throw TLSMaterialError("'\(bundle.name)' holds a certificate that cannot be written as DER")
            }
            encoded[bundle.name] = encodings
        }
        self.chain = chain
        self.bundles = encoded
        self.roots = bundles.isEmpty ? nil : roots
        self.expiries = expiries
        files = identity.map { "'\($0.certificate.name)' and '\($0.key.name)'" } ?? "the trust bundles"
    }

    /// The context of connections made with this.
    func context(_ configuration: TLSConfiguration) throws(TLSMaterialError) -> NIOSSLContext {
        try made(self.configuration(configuration))
    }

    /// What is ours put into it, and what is not acceptable taken out.
    func configuration(_ base: TLSConfiguration) -> TLSConfiguration {
        var configuration = base
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = key.map { .privateKey($0) }
        if let roots { configuration.trustRoots = .certificates(roots) }
        if configuration.minimumTLSVersion != .tlsv13 { configuration.minimumTLSVersion = .tlsv12 }
        // How long the peer's own good-bye is waited for.
        configuration.shutdownTimeout = .seconds(1)
        configuration.cipherSuites = TLS12Cipher.allCases.map(\.suites).joined(separator: ":")
        configuration.verifySignatureAlgorithms = Self.signatureAlgorithms
        configuration.renegotiationSupport = .none
        return configuration
    }

    func made(_ configuration: TLSConfiguration) throws(TLSMaterialError) -> NIOSSLContext {
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSMaterialError("\(files) cannot be used together: is the key that of the certificate? (\(error))")
        }
    }

    // MARK: what is acceptable

    /// What a peer may sign with; nothing with SHA-1.
    private static let signatureAlgorithms: [SignatureAlgorithm] = [
        .ecdsaSecp256R1Sha256, .ecdsaSecp384R1Sha384, .ecdsaSecp521R1Sha512, .ed25519, .rsaPssRsaeSha256,
        .rsaPssRsaeSha384, .rsaPssRsaeSha512, .rsaPkcs1Sha256, .rsaPkcs1Sha384, .rsaPkcs1Sha512,
    ]

    // MARK: reading

    private static func certificates(_ file: PEMFile) throws(TLSMaterialError) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMBytes(file.bytes), !certificates.isEmpty else {
            throw TLSMaterialError("'\(file.name)' holds no certificates that can be read; it must be PEM")
        }
        return certificates
    }

    private static func key(_ file: PEMFile) throws(TLSMaterialError) -> NIOSSLPrivateKey {
        do {
            return try NIOSSLPrivateKey(bytes: file.bytes, format: .pem)
        } catch {
            throw TLSMaterialError("'\(file.name)' holds no key that can be read; it must be PEM without a password")
        }
    }

    private static func checkTime(
        _ leaf: NIOSSLCertificate, of file: PEMFile, _ unixSeconds: Int64
    ) throws(TLSMaterialError) {
        guard Int64(leaf.notValidAfter) >= unixSeconds else {
            throw TLSMaterialError("the certificate in '\(file.name)' has expired; put in a new one")
        }
        guard Int64(leaf.notValidBefore) <= unixSeconds else {
            throw TLSMaterialError("the certificate in '\(file.name)' is not valid yet; check the clock")
        }
    }

    /// Of those that have not ended yet, the first: a bundle may keep an authority that is over beside those of today.
    private static func expiry(of certificates: [NIOSSLCertificate], in file: PEMFile, _ unixSeconds: Int64) -> Expiry {
        let current = certificates.filter { Int64($0.notValidAfter) >= unixSeconds }
        let first = (current.isEmpty ? certificates : current).min { $0.notValidAfter < $1.notValidAfter }
        return Expiry(
            file: file.name, notBeforeUnixSeconds: first.map { Int64($0.notValidBefore) } ?? 0,
            notAfterUnixSeconds: first.map { Int64($0.notValidAfter) } ?? 0)
    }
}
