import Documents

/// Warns of resources that are valid and probably do not do what they seem to.
enum AuthorizationLint {
    static func check(_ documents: AuthorizationDocuments, into diagnostics: Diagnostics) {
        for policy in documents.policies { check(policy, diagnostics) }
        checkTokensAreAsked(documents, diagnostics)
    }

    private static func check(_ policy: AuthorizationPolicy, _ diagnostics: Diagnostics) {
        let name = "\(policy.action.rawValue) policy \(policy.metadata.fullName)"
        if policy.action == .custom {
            diagnostics.warning(
                "\(name): no provider can be named yet, so whatever it matches is denied", at: policy.metadata.location)
        }
        for rule in policy.rules {
            for term in rule.allTerms {
                for value in term.values {
                    guard let doubt = doubt(value, term) else { continue }
                    diagnostics.warning(
                        "\(name): \(MessageText.quoted(value)) in \(term.name) \(doubt)", at: rule.location)
                }
            }
            if policy.action == .allow, admitsStrangers(rule) {
                diagnostics.warning(
                    "\(name): a rule that only excludes identities also admits peers without any; add principals: [\"*\"]",
                    at: rule.location)
            }
        }
    }

    private static func admitsStrangers(_ rule: AuthorizationRule) -> Bool {
        func isIdentity(_ term: RuleTerm) -> Bool {
            switch term.attribute {
            case .principal, .namespace, .serviceAccount, .trustDomain: true
            default: false
            }
        }
        guard !rule.conditions.contains(where: { isIdentity($0) && !$0.isNegated }) else { return false }
        return rule.sources.contains { source in
            let identities = source.filter(isIdentity)
            return !identities.isEmpty && identities.allSatisfy(\.isNegated)
        }
    }

    private static func doubt(_ value: String, _ term: RuleTerm) -> String? {
        switch term.attribute {
        case .principal:
            if value.hasPrefix("spiffe://") { return "never matches: principals are written without spiffe://" }
        case .host:
            if term.isNegated, !value.contains("*"), !value.contains(":") {
                return "is got round with a port in the host; add \"\(MessageText.shortened(value)):*\""
            }
        case .method:
            if value != value.uppercased() { return "never matches: methods are compared with their letter case" }
        case .path:
            if !value.hasPrefix("/"), !value.hasPrefix("*") { return "never matches: a path begins with '/'" }
            if value.contains("?") || value.contains("#") { return "never matches: the query is no part of the path" }
        case .requestPrincipal:
            if value.hasSuffix("*"), value.contains("://"), value.count(where: { $0 == "/" }) == 2, value.contains("/")
            {
                return "never matches: it is cut at its last '/'; write <issuer>/*"
            }
        case .namespace, .serviceAccount, .trustDomain, .sourceAddress, .remoteAddress, .destinationAddress, .port,
            .header, .audiences, .presenter, .claim, .serverName:
            break
        }
        return nil
    }

    /// A RequestAuthentication alone lets requests without a token through.
    private static func checkTokensAreAsked(_ documents: AuthorizationDocuments, _ diagnostics: Diagnostics) {
        let terms = documents.policies.filter { !$0.isDryRun }.flatMap(\.rules).flatMap(\.allTerms)
        let areAsked = terms.contains { term in
            switch term.attribute {
            case .requestPrincipal, .audiences, .presenter, .claim: true
            default: false
            }
        }
        guard !areAsked else { return }
        for resource in documents.requestAuthentications where !resource.tokenRules.isEmpty {
            diagnostics.warning(
                "RequestAuthentication \(resource.metadata.fullName) refuses bad tokens, but no AuthorizationPolicy asks for one "
                    + "(requestPrincipals: [\"*\"]), so requests without a token pass it",
                at: resource.metadata.location)
        }
    }
}
