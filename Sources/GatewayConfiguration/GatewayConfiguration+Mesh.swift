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
        /// Other trust domains whose services are believed.
        package var federatedTrustDomains: [String] = []
        /// The peers whose X-Forwarded-Client-Cert is believed.
        package var trustedProxies: [String] = []
        /// What becomes of X-Forwarded-Client-Cert from anybody else.
        package var untrustedForwarding = UntrustedForwarding.refuse
        /// Elements that X-Forwarded-Client-Cert may have.
        package var forwardedElementsMax = 16
        /// How the address of a client behind proxies is found.
        package var forwardedFor = ForwardedFor()
        /// Peers that sign their requests.
        package var nodes: [Node] = []
        /// How far the time of a node signature may be from ours.
        package var nodeSignatureWindowSeconds = 60
        /// Clusters whose service-account tokens say which service a caller is.
        package var serviceAccountIssuers: [ServiceAccountIssuer] = []

        /// The defaults above.
        package init() {}
    }

    /// What becomes of X-Forwarded-Client-Cert from a peer that is no trusted proxy.
    package enum UntrustedForwarding: String, Sendable, Hashable, CaseIterable {
        /// The request is refused.
        case refuse
        /// The header is as if it were not there.
        case ignore
    }

    /// A peer that signs its requests with a secret of its own.
    package struct Node: Sendable, Hashable {
        /// What it calls itself in `X-Intentus-Node-Id`.
        package var id = ""
        /// The service that it is.
        package var service = ""
        /// The file of its secret.
        package var secretFile: SecretSetting?
        /// The file of its former secret, while one replaces the other.
        package var formerSecretFile: SecretSetting?

        /// Empty; every node states its own.
        package init() {}
    }

    /// A Kubernetes cluster by the issuer of its service-account tokens.
    package struct ServiceAccountIssuer: Sendable, Hashable {
        /// The exact `iss` of its tokens, one of `authentication.issuers`.
        package var issuer = ""
        /// The trust domain of its services; nil means ours.
        package var trustDomain: String?

        /// Empty; every cluster states its own.
        package init() {}
    }

    /// Who sees to it that PeerAuthentications hold.
    package enum PeerAuthenticationEnforcement: String, Sendable, Hashable, CaseIterable {
        /// The listener of this gateway.
        case listener
        /// A proxy in front, which speaks TLS for this gateway.
        case sidecar
    }

    /// Istio's policies, enforced by the gateway itself.
    package struct Authorization: Sendable, Hashable {
        /// Files of resources, or folders of such files; none means that only `policy` decides.
        package var files: [String] = []
        /// Whether files and folders may hold no resource.
        package var allowsEmpty = false
        /// Whether issuers count that only a RequestAuthentication names.
        package var requestAuthenticationIssuers = false
        /// Who sees to it that PeerAuthentications hold.
        package var peerAuthentication = PeerAuthenticationEnforcement.listener

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
        .list(
            "federatedTrustDomains", \.federatedTrustDomains, of: .text(bytesMax: 255), countMax: 64,
            "Other trust domains whose services are believed, each vouched for by its own bundle."),
        .list(
            "trustedProxies", \.trustedProxies, of: .text(bytesMax: 2_048), countMax: 256,
            "Peers whose `X-Forwarded-Client-Cert` is believed: `loopback`, an address block, or a SPIFFE ID shown by mutual TLS."
        ),
        .value(
            "untrustedForwarding", \.untrustedForwarding, .choice(),
            "What becomes of `X-Forwarded-Client-Cert` from anybody else."),
        .value(
            "forwardedElementsMax", \.forwardedElementsMax, .integer(1...16),
            "Elements that `X-Forwarded-Client-Cert` may have, one for each proxy that appends; 1 where the proxy replaces the "
                + "header, so that no name in a certificate can pass for an element."),
        .section("forwardedFor", \.forwardedFor, "How the address of a client behind proxies is found."),
        .sections(
            "nodes", \.nodes, countMax: 1_000, identity: { ("id", $0.id) },
            "Peers that sign their requests (`X-Intentus-Node-Signature`), each with a secret of its own."),
        .value(
            "nodeSignatureWindowSeconds", \.nodeSignatureWindowSeconds, .integer(1...300), unit: "s",
            "How far the time of a node signature may be from ours."),
        .sections(
            "serviceAccountIssuers", \.serviceAccountIssuers, countMax: 16, identity: { ("issuer", $0.issuer) },
            "Kubernetes clusters whose projected service-account tokens say which service a caller is."),
    ]

    func check(_ reader: SectionReader) {
        if trustedProxies.contains("loopback") {
            reader.fields.warning(
                "\(reader.fields.place("trustedProxies")): every process of this machine may say which service it speaks for",
                at: "trustedProxies")
        }
        if forwardedFor.trustedHops > 0, forwardedFor.proxies.isEmpty, trustedProxies.isEmpty {
            reader.fields.error(
                "\(reader.fields.place("forwardedFor")).trustedHops believes nobody: name forwardedFor.proxies or "
                    + "trustedProxies", at: "forwardedFor")
        }
        if forwardedFor.trustedHops == 0, !forwardedFor.proxies.isEmpty {
            reader.fields.warning(
                "\(reader.fields.place("forwardedFor")).proxies are never asked, because trustedHops is 0",
                at: "forwardedFor")
        }
        for label in labels where label.split(separator: "=", omittingEmptySubsequences: false).count != 2 {
            reader.fields.error(
                "\(reader.fields.place("labels")): \(MessageText.quoted(label)) must be name=value", at: "labels")
        }
    }
}

extension GatewayConfiguration.Node: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required("id", \.id, .text(bytesMax: 256), "What it calls itself in `X-Intentus-Node-Id`."),
        .required(
            "service", \.service, .text(bytesMax: 2_048), "The service that it is, `spiffe://cluster.local/ns/…/sa/…`."),
        .optionalSecretFile("secretFile", \.secretFile, "The file of its secret, required; the first line counts."),
        .optionalSecretFile(
            "formerSecretFile", \.formerSecretFile, "The file of its former secret, while one replaces the other."),
    ]

    func check(_ reader: SectionReader) {
        if secretFile == nil { reader.fields.reportMissing("secretFile") }
    }
}

extension GatewayConfiguration.ServiceAccountIssuer: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required(
            "issuer", \.issuer, .text(bytesMax: 2_048),
            "The exact `iss` of its tokens; one of `authentication.issuers`."),
        .optional(
            "trustDomain", \.trustDomain, .text(bytesMax: 255), absent: "`mesh.trustDomain`",
            "The trust domain of its services."),
    ]
}

extension GatewayConfiguration.Authorization: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .paths(
            "files", \.files, of: .authorization,
            "Files of AuthorizationPolicy, RequestAuthentication and PeerAuthentication, or folders of such files."),
        .value(
            "allowEmpty", \.allowsEmpty, .toggle,
            "Whether `files` may name folders without a file and files without a resource; otherwise they are refused, at the start "
                + "and at a reload, because nothing said means nothing forbidden."),
        .value(
            "requestAuthenticationIssuers", \.requestAuthenticationIssuers, .toggle,
            "Whether tokens count whose issuer only a RequestAuthentication names: whoever writes `files` then decides who may "
                + "make callers of this gateway, with roles and tenant."),
        .value(
            "peerAuthentication", \.peerAuthentication, .choice(),
            "Who sees to it that PeerAuthentications hold: the listener, or a sidecar that speaks TLS in front of it."),
    ]
}
