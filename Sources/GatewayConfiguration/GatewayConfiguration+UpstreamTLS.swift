import Documents

extension GatewayConfiguration {
    /// TLS to workers.
    package struct UpstreamTLS: Sendable, Hashable {
        /// Certificates (PEM) that workers are trusted by; none for the system's.
        package var trustBundleFiles: [String] = []
        /// What vouches for workers of other trust domains, each for its own alone.
        package var federatedBundles: [FederatedBundle] = []
        /// Our certificate chain (PEM).
        package var certificateFile: String?
        /// The key of our certificate (PEM).
        package var keyFile: SecretSetting?

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.UpstreamTLS: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .paths(
            "trustBundleFiles", \.trustBundleFiles, of: .material,
            "Certificates (PEM) that workers are trusted by, instead of the system's; read again when they change."),
        .sections(
            "federatedBundles", \.federatedBundles, countMax: 64, identity: { ("trustDomain", $0.trustDomain) },
            "What vouches for workers of other trust domains, each for its own alone."),
        .optionalPath(
            "certificateFile", \.certificateFile,
            "Our certificate chain (PEM) for workers that ask for one; read again when it changes."),
        .optionalSecretFile("keyFile", \.keyFile, "The key of our certificate (PEM)."),
    ]

    func check(_ reader: SectionReader) {
        guard (certificateFile == nil) != (keyFile == nil) else { return }
        reader.fields.error(
            "\(reader.fields.path) must have certificateFile and keyFile, or neither",
            at: certificateFile == nil ? "keyFile" : "certificateFile")
    }
}
