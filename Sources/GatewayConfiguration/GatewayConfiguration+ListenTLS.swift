import Documents

extension GatewayConfiguration {
    /// TLS of the data plane.
    package struct ListenTLS: Sendable, Hashable {
        /// Which connections are taken; the words are Istio's.
        package enum Mode: String, Sendable, Hashable, CaseIterable {
            /// Plain text alone.
            case disable = "DISABLE"
            /// TLS and plain text on the same port.
            case permissive = "PERMISSIVE"
            /// TLS alone.
            case strict = "STRICT"
            /// What the PeerAuthentications say.
            case policy = "POLICY"
        }

        /// Whether clients show certificates.
        package enum ClientCertificates: String, Sendable, Hashable, CaseIterable {
            case none
            case request
            case require
        }

        /// The least version of the protocol.
        package enum Version: String, Sendable, Hashable, CaseIterable {
            case tls12 = "TLSV1_2"
            case tls13 = "TLSV1_3"
        }

        /// What was stated; ``effectiveMode`` is what holds.
        package var mode: Mode?
        /// Our certificate chain (PEM).
        package var certificateFile: String?
        /// The key of our certificate (PEM).
        package var keyFile: SecretSetting?
        /// Further certificates, each for the clients that ask for its names.
        package var serverNames: [ServerName] = []
        /// Certificates (PEM) that clients are trusted by.
        package var trustBundleFiles: [String] = []
        /// Certificates (PEM) that vouch for services of other trust domains.
        package var federatedBundles: [FederatedBundle] = []
        /// What was stated; ``effectiveClientCertificates`` is what holds.
        package var clientCertificates: ClientCertificates?
        /// The least version of the protocol.
        package var minimumVersion = Version.tls12
        /// Whether clients may choose HTTP/2.
        package var http2 = true
        /// From a connection's first byte to the end of its handshake.
        package var handshakeTimeoutMilliseconds = 5_000
        /// Handshakes at the same time.
        package var handshakesMax = 1_000
        /// What was stated; ``effectiveHandshakesPerPeerMax`` is what holds.
        package var handshakesPerPeerMax: Int?
        /// How long browsers are told to come back by TLS alone.
        package var strictTransportSeconds = 31_536_000
        /// Streams of an HTTP/2 connection at the same time.
        package var streamsMax = 100
        /// Bytes that the streams of an HTTP/2 connection hold together.
        package var streamBytesMax = 8_388_608

        /// The defaults above.
        package init() {}

        /// Whoever names a certificate wants it used, and nothing beside it.
        package var effectiveMode: Mode { mode ?? (certificateFile == nil ? .disable : .strict) }

        /// No peer takes every place; 0 is no limit.
        package var effectiveHandshakesPerPeerMax: Int { handshakesPerPeerMax ?? max(1, handshakesMax / 4) }

        /// Whoever names a trust bundle wants clients known by it.
        package var effectiveClientCertificates: ClientCertificates {
            clientCertificates ?? (trustBundleFiles.isEmpty ? .none : .require)
        }
    }
}

extension GatewayConfiguration {
    /// What vouches for the services of another trust domain.
    package struct FederatedBundle: Sendable, Hashable {
        /// One of `mesh.federatedTrustDomains`.
        package var trustDomain = ""
        /// Its certificates (PEM).
        package var file: String?

        /// Empty; every bundle states its own.
        package init() {}
    }
}

extension GatewayConfiguration.FederatedBundle: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required("trustDomain", \.trustDomain, .text(bytesMax: 255), "One of `mesh.federatedTrustDomains`."),
        .optionalPath("file", \.file, "Its certificates (PEM), required; read again when they change."),
    ]

    func check(_ reader: SectionReader) {
        if file == nil { reader.fields.reportMissing("file") }
    }
}

extension GatewayConfiguration {
    /// A certificate that is shown to the clients that ask for one of its names (SNI).
    package struct ServerName: Sendable, Hashable {
        /// `api.example.com`, or `*.example.com` for every name with one label more.
        package var hosts: [String] = []
        /// The certificate chain (PEM).
        package var certificateFile: String?
        /// The key of the certificate (PEM).
        package var keyFile: SecretSetting?

        /// Empty; each states its own.
        package init() {}

        /// Whether a text may stand among ``hosts``.
        package static func isHost(_ text: String) -> Bool {
            let labels = text.split(separator: ".", omittingEmptySubsequences: false)
            guard text.utf8.count <= 253, labels.count >= 2 || text == "localhost" else { return false }
            return labels.enumerated().allSatisfy { place, label in
                if place == 0, label == "*" { return labels.count >= 3 }
                return (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                    && label.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
            }
        }
    }
}

extension GatewayConfiguration.ServerName: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .list(
            "hosts", \.hosts, of: .text(bytesMax: 253), countMax: 64,
            "Names in lower case that clients ask for, required: `api.example.com`, or `*.example.com` for one label."),
        .optionalPath(
            "certificateFile", \.certificateFile, "The certificate chain (PEM), required; read again when it changes."),
        .optionalSecretFile("keyFile", \.keyFile, "The key of the certificate (PEM), required."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if hosts.isEmpty { fields.reportMissing("hosts") }
        for host in hosts where !Self.isHost(host) {
            fields.error(
                "\(fields.place("hosts")): '\(host)' is no name of a server; write api.example.com, or *.example.com",
                at: "hosts")
        }
        if certificateFile == nil { fields.reportMissing("certificateFile") }
        if keyFile == nil { fields.reportMissing("keyFile") }
    }
}

extension GatewayConfiguration.ListenTLS: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optional(
            "mode", \.mode, .choice(), absent: "STRICT with a certificate, otherwise DISABLE",
            "Which connections are taken: plain text, both by the first byte, TLS alone, or what PeerAuthentications say; they "
                + "can make any mode stricter."),
        .optionalPath(
            "certificateFile", \.certificateFile,
            "Our certificate chain (PEM), the leaf first; read again when it changes."),
        .optionalSecretFile("keyFile", \.keyFile, "The key of our certificate (PEM)."),
        .sections(
            "serverNames", \.serverNames, countMax: 64, identity: { ("hosts", $0.hosts.joined(separator: ", ")) },
            "Further certificates, each for the clients that ask for one of its names (SNI); others are shown the one above."
        ),
        .paths(
            "trustBundleFiles", \.trustBundleFiles, of: .material,
            "Certificates (PEM) that vouch for services of our trust domain; read again when they change."),
        .sections(
            "federatedBundles", \.federatedBundles, countMax: 64, identity: { ("trustDomain", $0.trustDomain) },
            "What vouches for services of other trust domains, each for its own alone."),
        .optional(
            "clientCertificates", \.clientCertificates, .choice(), absent: "require with trust bundles, otherwise none",
            "Whether clients must show a certificate, may show one, or are not asked."),
        .value("minimumVersion", \.minimumVersion, .choice(), "The least version of the protocol."),
        .value("http2", \.http2, .toggle, "Whether clients may choose HTTP/2."),
        .value(
            "streamsMax", \.streamsMax, .integer(1...10_000), "Streams of an HTTP/2 connection at the same time."),
        .value(
            "streamBytesMax", \.streamBytesMax, .integer(65_536...1_073_741_824), unit: "bytes",
            "Requests that the streams of an HTTP/2 connection hold together; one that would go over it is reset."),
        .value(
            "handshakeTimeoutMilliseconds", \.handshakeTimeoutMilliseconds, .integer(100...600_000), unit: "ms",
            "From a connection's first byte to the end of its handshake; longer ends it."),
        .value(
            "handshakesMax", \.handshakesMax, .integer(1...1_000_000), "Handshakes at the same time; more are closed."),
        .optional(
            "handshakesPerPeerMax", \.handshakesPerPeerMax, .integer(0...1_000_000),
            absent: "a quarter of handshakesMax",
            "Handshakes of one IPv4 address or one IPv6 /64 network at the same time; more are closed. 0 is no limit, as is "
                + "connectionsPerPeerMax 0."),
        .value(
            "strictTransportSeconds", \.strictTransportSeconds, .integer(0...315_360_000), unit: "s",
            "How long browsers are told to come back by TLS alone (Strict-Transport-Security); 0 tells them nothing."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if (certificateFile == nil) != (keyFile == nil) {
            fields.error(
                "\(fields.path) must have certificateFile and keyFile, or neither",
                at: certificateFile == nil ? "keyFile" : "certificateFile")
        }
        if let mode, mode != .disable, certificateFile == nil {
            fields.error("\(fields.place("mode")) \(mode.rawValue) needs certificateFile and keyFile", at: "mode")
        }
        if !serverNames.isEmpty, certificateFile == nil {
            fields.error(
                "\(fields.place("serverNames")) needs certificateFile and keyFile, for clients that ask for no name of them",
                at: "serverNames")
        }
        var known: Set<String> = []
        for host in serverNames.flatMap(\.hosts) where !known.insert(host).inserted {
            fields.error("\(fields.place("serverNames")): '\(host)' stands twice", at: "serverNames")
        }
        if effectiveClientCertificates != .none, trustBundleFiles.isEmpty {
            fields.error("\(fields.place("clientCertificates")) needs trustBundleFiles", at: "clientCertificates")
        }
        if effectiveMode == .permissive, effectiveClientCertificates == .require {
            fields.warning(
                "\(fields.path): clients in plain text show no certificate whatever clientCertificates says; mode STRICT "
                    + "keeps them out", at: "mode")
        }
        if mode == .disable, certificateFile != nil {
            fields.warning("\(fields.path): the certificate is not used, because mode is DISABLE", at: "mode")
        }
    }
}
