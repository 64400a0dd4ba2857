import Documents

extension GatewayConfiguration {
    /// Where an issuer's keys come from.
    package struct KeySource: Sendable, Hashable {
        /// A JWKS file; set when `url` is not.
        package var file: String?
        /// A JWKS endpoint; set when `file` is not.
        package var url: String?
        /// How often keys are fetched again when the issuer does not say.
        package var refreshSeconds = 300
        /// How long the last keys serve while the issuer cannot be reached.
        package var maxStaleSeconds = 86_400
        /// Certificates (PEM) that the endpoint is trusted by, instead of the system's.
        package var caFile: String?
        /// Lets `url` be plain http to another machine.
        package var allowInsecureHttp = false

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.KeySource: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optionalPath("file", \.file, of: .keySet, "A JWKS file; it is read again when it changes."),
        .optional("url", \.url, .url(["https", "http"]), "A JWKS endpoint."),
        .value(
            "refreshSeconds", \.refreshSeconds, .integer(60...3_600), unit: "s",
            "How often keys are fetched again when the answer does not say how long they are fresh."),
        .value(
            "maxStaleSeconds", \.maxStaleSeconds, .integer(0...2_592_000), unit: "s",
            "How long the last keys serve while the endpoint cannot be reached."),
        .optionalPath(
            "caFile", \.caFile, "Certificates (PEM) that the endpoint is trusted by, instead of the system's."),
        .value(
            "allowInsecureHttp", \.allowInsecureHttp, .toggle,
            "Lets `url` be plain http to another machine; whoever is on the way could then sign any token."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        switch (fields.has("file"), fields.has("url")) {
        case (true, true):
            fields.error("\(fields.path) must have either file or url, not both", at: "url")
        case (false, false):
            fields.error("\(fields.path) must have file or url", at: "file")
        case (true, false), (false, true):
            break
        }
        if caFile != nil, url?.hasPrefix("https://") != true {
            fields.error("\(fields.place("caFile")) needs a url that begins with https://", at: "caFile")
        }
        checkPlainHTTP(reader)
    }

    /// Whoever can answer in the issuer's place makes tokens for anybody.
    private func checkPlainHTTP(_ reader: SectionReader) {
        guard let url, let address = WebAddress(url), address.scheme == "http", !address.isLoopback else { return }
        let place = reader.fields.place("url")
        if allowInsecureHttp {
            reader.fields.warning("\(place) is plain http: whoever is on the way can let anybody in", at: "url")
        } else {
            reader.fields.error(
                "\(place) is plain http; use https, or set allowInsecureHttp: true where the network is trusted",
                at: "url")
        }
    }
}
