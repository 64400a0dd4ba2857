import Documents

extension GatewayConfiguration {
    /// TLS to a server that this gateway asks.
    package struct ClientTLS: Sendable, Hashable {
        /// Certificates (PEM) that the server is trusted by.
        package var caFile: String?
        /// Our certificate chain (PEM).
        package var certificateFile: String?
        /// The key of our certificate (PEM).
        package var keyFile: SecretSetting?

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.ClientTLS: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optionalPath(
            "caFile", \.caFile,
            "Certificates (PEM) that the server is trusted by, instead of the system's; read again when they change."),
        .optionalPath(
            "certificateFile", \.certificateFile,
            "Our certificate chain (PEM), where the server asks for one; read again when it changes."),
        .optionalSecretFile("keyFile", \.keyFile, "The key of our certificate (PEM)."),
    ]

    func check(_ reader: SectionReader) {
        guard (certificateFile == nil) != (keyFile == nil) else { return }
        reader.fields.error(
            "\(reader.fields.path) must have certificateFile and keyFile, or neither",
            at: certificateFile == nil ? "keyFile" : "certificateFile")
    }
}
