import Documents

extension GatewayConfiguration {
    /// Who may call.
    package struct Authentication: Sendable, Hashable {
        /// What becomes of callers without a token.
        package enum Anonymous: String, Sendable, Hashable, CaseIterable {
            /// They are refused.
            case deny
            /// They go on as callers without roles, and the policy decides.
            case allow
        }

        /// Verified tokens kept; 0 verifies every token anew.
        package var tokenCacheEntries = 10_000
        /// What becomes of callers without a token.
        package var anonymous = Anonymous.deny
        /// What becomes of callers without a token whose identity as a service is proven.
        package var services = Anonymous.deny
        /// This gateway's name in the identity chain: `service:<name>`.
        package var serviceName = "api-gateway"
        /// Who signs tokens.
        package var issuers: [Issuer] = []

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Authentication: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "tokenCacheEntries", \.tokenCacheEntries, .integer(0...10_000_000),
            variable: "INTENTUSNET_TOKEN_CACHE_ENTRIES",
            "Verified tokens kept until they expire; 0 verifies every token anew."),
        .value(
            "anonymous", \.anonymous, .choice(),
            "What becomes of callers without a token: refused, or let through to the policy as callers without roles."),
        .value(
            "services", \.services, .choice(),
            "What becomes of callers without a token that proved which service they are: refused, or let through to the policies."
        ),
        .value(
            "serviceName", \.serviceName, .text(bytesMax: 128),
            "This gateway's name in the identity chain: `service:<name>`."),
        .sections(
            "issuers", \.issuers, countMax: 64, identity: { ("issuer", $0.issuer) },
            "Who signs tokens; one at least unless anonymous callers are allowed."),
    ]

    func check(_ reader: SectionReader) {
        if serviceName.contains("/") {
            // Workers tell it from the service that calls by this.
            reader.fields.error(
                "\(reader.fields.place("serviceName")): \(MessageText.quoted(serviceName)) must have no slash; principals have",
                at: "serviceName")
        }
        switch anonymous {
        case .allow:
            let path = reader.fields.place("anonymous")
            reader.fields.warning(
                "\(path): callers without a token are let in; the policy alone decides", at: "anonymous")
        case .deny:
            guard issuers.isEmpty, services == .deny else { return }
            reader.fields.reportMissing("issuers")
            if reader.fields.peek("issuers")?.sequence?.isEmpty == true {
                reader.fields.error("\(reader.fields.place("issuers")) must name one issuer at least", at: "issuers")
            }
        }
    }
}
