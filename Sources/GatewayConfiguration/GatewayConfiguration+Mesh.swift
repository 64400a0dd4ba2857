import Documents

extension GatewayConfiguration {
    /// What this gateway is in the mesh: the workload that policies are attached to, and the names of the mesh itself.
    package struct Mesh: Sendable, Hashable {
        /// How a path is brought into one form before policies compare it.
        package enum PathNormalization: String, Sendable, Hashable, CaseIterable {
            case none = "NONE"
            case base = "BASE"
            case mergeSlashes = "MERGE_SLASHES"
            case decodeAndMergeSlashes = "DECODE_AND_MERGE_SLASHES"
        }

        /// The trust domain of this mesh.
        package var trustDomain = "cluster.local"
        /// Further names of it, such as the one before a migration.
        package var trustDomainAliases: [String] = []
        /// The namespace whose policies hold for every workload.
        package var rootNamespace = "istio-system"
        /// The namespace of this gateway.
        package var namespace = "default"
        /// The labels of this gateway, each `name=value`.
        package var labels: [String] = []
        /// How a path is read before it is compared.
        package var pathNormalization = PathNormalization.mergeSlashes

        /// The defaults above.
        package init() {}
    }

    /// Istio's policies, enforced by the gateway itself.
    package struct Authorization: Sendable, Hashable {
        /// Files of resources, or folders of such files; none means that only `policy` decides.
        package var files: [String] = []

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Mesh: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "trustDomain", \.trustDomain, .text(bytesMax: 255),
            "The trust domain of this mesh, as in `spiffe://cluster.local/…`."),
        .list(
            "trustDomainAliases", \.trustDomainAliases, of: .text(bytesMax: 255), countMax: 16,
            "Further names of the trust domain, such as the one before a migration."),
        .value(
            "rootNamespace", \.rootNamespace, .text(bytesMax: 63),
            "The namespace whose policies hold for every workload."),
        .value("namespace", \.namespace, .text(bytesMax: 63), "The namespace of this gateway."),
        .list(
            "labels", \.labels, of: .text(bytesMax: 400), countMax: 100,
            "The labels of this gateway by which policies select it, each `name=value`."),
        .value(
            "pathNormalization", \.pathNormalization, .choice(),
            "How a path is brought into one form before policies compare it."),
    ]

    func check(_ reader: SectionReader) {
        for label in labels where label.split(separator: "=", omittingEmptySubsequences: false).count != 2 {
            reader.fields.error(
                "\(reader.fields.place("labels")): \(MessageText.quoted(label)) must be name=value", at: "labels")
        }
    }
}

extension GatewayConfiguration.Authorization: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .paths(
            "files", \.files, of: .authorization,
            "Files of AuthorizationPolicy, RequestAuthentication and PeerAuthentication, or folders of such files.")
    ]
}
