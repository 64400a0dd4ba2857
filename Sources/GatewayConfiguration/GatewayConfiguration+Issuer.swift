import Documents

extension GatewayConfiguration {
    /// Who signs tokens, and which of them count.
    package struct Issuer: Sendable, Hashable {
        /// A way of signing that may be allowed.
        package enum Algorithm: String, Sendable, Hashable, CaseIterable {
            /// RSASSA-PKCS1-v1_5 with SHA-256.
            case rs256 = "RS256"
            /// RSASSA-PSS with SHA-256.
            case ps256 = "PS256"
            /// ECDSA on P-256 with SHA-256.
            case es256 = "ES256"
            /// ECDSA on P-384 with SHA-384.
            case es384 = "ES384"
            /// Ed25519.
            case eddsa = "EdDSA"
        }

        /// The exact `iss` of its tokens.
        package var issuer = ""
        /// One of these must be in `aud`.
        package var audiences: [String] = []
        /// The ways of signing that are accepted.
        package var algorithms: [Algorithm] = [.rs256]
        /// How far clocks may differ.
        package var leewaySeconds = 60
        /// From `iat` to `exp`; 0 switches the check off.
        package var maxLifetimeSeconds = 86_400
        /// Where the roles stand in the claims, dots going deeper.
        package var rolesClaim = "roles"
        /// Where the tenant stands in the claims, dots going deeper.
        package var tenantClaim = "tenant"
        /// TLS to where its keys come from; nil trusts by the system's authorities and shows nothing.
        package var tls: ClientTLS?
        /// Its keys.
        package var jwks = KeySource()

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Issuer: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .required("issuer", \.issuer, .text(bytesMax: 2_048), "The exact `iss` of its tokens."),
        .list(
            "audiences", \.audiences, of: .text(bytesMax: 2_048), countMax: 64, isRequired: true,
            "One of these must be in a token's `aud`."),
        .list(
            "algorithms", \.algorithms, of: .choice(), countMax: 5,
            "Ways of signing that are accepted; each must also fit the key."),
        .value(
            "leewaySeconds", \.leewaySeconds, .integer(0...300), unit: "s",
            "How far the issuer's clock may differ from ours."),
        .value(
            "maxLifetimeSeconds", \.maxLifetimeSeconds, .integer(0...31_536_000), unit: "s",
            "Longest time from `iat` to `exp`; 0 switches the check off."),
        .value(
            "rolesClaim", \.rolesClaim, .text(),
            "Where the roles stand, dots going deeper: `realm_access.roles`."),
        .value("tenantClaim", \.tenantClaim, .text(), "Where the tenant stands, dots going deeper."),
        .optionalSection("tls", \.tls, "TLS to the server of `jwks.url`."),
        .requiredSection("jwks", \.jwks, "Where its keys come from: a file or a URL."),
    ]

    func check(_ reader: SectionReader) {
        if tls != nil, jwks.url?.hasPrefix("https://") != true {
            reader.fields.error("\(reader.fields.place("tls")) needs a jwks.url that begins with https://", at: "tls")
        }
        if tls?.caFile != nil, jwks.caFile != nil {
            reader.fields.error(
                "\(reader.fields.place("tls")).caFile and jwks.caFile say the same: give one of them", at: "tls")
        }
        if reader.fields.peek("algorithms")?.sequence?.isEmpty == true {
            reader.fields.error(
                "\(reader.fields.place("algorithms")) must name one algorithm at least", at: "algorithms")
        }
    }
}
