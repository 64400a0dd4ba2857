import Documents

extension GatewayConfiguration {
    /// TLS of the admin plane; without a certificate it speaks plain HTTP.
    package struct AdminTLS: Sendable, Hashable {
        /// Our certificate chain (PEM).
        package var certificateFile: String?
        /// The key of our certificate (PEM).
        package var keyFile: SecretSetting?
        /// Certificates (PEM) that clients are trusted by.
        package var trustBundleFiles: [String] = []
        /// Certificates (PEM) that vouch for services of other trust domains.
        package var federatedBundles: [FederatedBundle] = []
        /// Whether clients show certificates.
        package var clientCertificates: ListenTLS.ClientCertificates?
        /// The least version of the protocol.
        package var minimumVersion = ListenTLS.Version.tls12

        /// The defaults above.
        package init() {}

        /// The same for a listener; probes and scrapers often have no certificate, so that it is asked for and not required.
        package var listener: ListenTLS {
            var tls = ListenTLS()
            tls.mode = certificateFile == nil ? .disable : .strict
            tls.certificateFile = certificateFile
            tls.keyFile = keyFile
            tls.trustBundleFiles = trustBundleFiles
            tls.federatedBundles = federatedBundles
            tls.clientCertificates =
                clientCertificates ?? (trustBundleFiles.isEmpty ? ListenTLS.ClientCertificates.none : .request)
            tls.minimumVersion = minimumVersion
            tls.http2 = false
            // No browser comes here; the header would stand beside those that every answer has.
            tls.strictTransportSeconds = 0
            return tls
        }
    }
}

extension GatewayConfiguration.AdminTLS: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optionalPath(
            "certificateFile", \.certificateFile,
            "Our certificate chain (PEM), the leaf first; read again when it changes."),
        .optionalSecretFile("keyFile", \.keyFile, "The key of our certificate (PEM)."),
        .paths(
            "trustBundleFiles", \.trustBundleFiles, of: .material,
            "Certificates (PEM) that vouch for services of our trust domain; read again when they change."),
        .sections(
            "federatedBundles", \.federatedBundles, countMax: 64, identity: { ("trustDomain", $0.trustDomain) },
            "What vouches for services of other trust domains, each for its own alone."),
        .optional(
            "clientCertificates", \.clientCertificates, .choice(), absent: "request with trust bundles, otherwise none",
            "Whether clients must show a certificate, may show one, or are not asked."),
        .value("minimumVersion", \.minimumVersion, .choice(), "The least version of the protocol."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if (certificateFile == nil) != (keyFile == nil) {
            fields.error(
                "\(fields.path) must have certificateFile and keyFile, or neither",
                at: certificateFile == nil ? "keyFile" : "certificateFile")
        }
        if certificateFile == nil, !trustBundleFiles.isEmpty {
            fields.error(
                "\(fields.place("trustBundleFiles")) needs certificateFile and keyFile", at: "trustBundleFiles")
        }
        if let clientCertificates, clientCertificates != .none, trustBundleFiles.isEmpty {
            fields.error("\(fields.place("clientCertificates")) needs trustBundleFiles", at: "clientCertificates")
        }
    }
}
