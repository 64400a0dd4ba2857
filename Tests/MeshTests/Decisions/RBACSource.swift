/// Who asks, in Envoy's words.
struct RBACSource {
    let names: TrustDomainNames
    /// The namespace of the policy, which a bare service account is in.
    let namespace: String

    func principals(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(names.expanded(principals: values), names.expanded(principals: notValues)) {
            RBACMatcher.authenticated(RBACMatcher.string($0, scheme: "spiffe://"))
        }
    }

    func namespaces(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { value in
            let pattern = value.split(separator: "*", omittingEmptySubsequences: false).map(RBACMatcher.quoted)
                .joined(separator: ".*")
            return RBACMatcher.authenticated(RBACMatcher.regex(".*/ns/\(pattern)/.*"))
        }
    }

    func serviceAccounts(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { value in
            let parts = (value.contains("/") ? value : "\(namespace)/\(value)").split(separator: "/")
            let (home, account) = (RBACMatcher.quoted(parts[0]), RBACMatcher.quoted(parts[1]))
            return RBACMatcher.authenticated(
                RBACMatcher.regex("spiffe://.+/ns/\(home)/(.+/|)sa/\(account)(/.+)?"))
        }
    }

    func trustDomains(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(names.expanded(trustDomains: values), names.expanded(trustDomains: notValues)) { value in
            if value == "*" { return RBACMatcher.authenticated(["prefix": "spiffe://"]) }
            guard value.contains("*") else { return RBACMatcher.authenticated(["prefix": "spiffe://\(value)/"]) }
            let pattern = value.split(separator: "*", omittingEmptySubsequences: false).map(RBACMatcher.quoted)
                .joined(separator: "[^/]*")
            return RBACMatcher.authenticated(RBACMatcher.regex("spiffe://\(pattern)/.*"))
        }
    }

    /// The TCP peer. Istio writes `direct_remote_ip`, which is the socket's own and cannot be another here; `source_ip` is
    /// the same matcher over what the PROXY protocol says.
    func addresses(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { ["source_ip": RBACMatcher.block($0)] }
    }

    func remoteAddresses(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { ["remote_ip": RBACMatcher.block($0)] }
    }

    /// The pattern is split at its last slash, one half for the issuer and one for the subject.
    func requestPrincipals(_ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { value in
            let (issuer, subject) = Self.halves(of: value)
            return RBACSide.principal.all([
                RBACMatcher.claim(["iss"], ["string_match": issuer]),
                RBACMatcher.claim(["sub"], ["string_match": subject]),
            ])
        }
    }

    func claim(_ path: [String], _ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { value in
            let text: EnvoyValue = ["string_match": RBACMatcher.string(value)]
            return RBACMatcher.claim(
                path, ["or_match": ["value_matchers": [text, ["list_match": ["one_of": text]]]]])
        }
    }

    func header(_ name: String, _ values: [String], _ notValues: [String]) -> RBACTerm {
        term(values, notValues) { RBACMatcher.header(name, $0) }
    }

    private func term(
        _ values: [String], _ notValues: [String], _ matcher: @escaping (String) -> EnvoyValue
    ) -> RBACTerm {
        RBACTerm(side: .principal, values: values, notValues: notValues, matcher: matcher)
    }

    private static func halves(of value: String) -> (issuer: EnvoyValue, subject: EnvoyValue) {
        let present = RBACMatcher.string("*")
        guard let slash = value.lastIndex(of: "/") else {
            if value == "*" { return (present, present) }
            if value.hasPrefix("*") { return (present, RBACMatcher.string(value)) }
            if value.hasSuffix("*") { return (RBACMatcher.string(value), present) }
            return (["exact": .text(value)], ["exact": ""])
        }
        let (issuer, subject) = (String(value[..<slash]), String(value[value.index(after: slash)...]))
        // With a star before the issuer, a star in the subject is only itself.
        if issuer.hasPrefix("*") { return (RBACMatcher.string(issuer), ["exact": .text(subject)]) }
        return (["exact": .text(issuer)], RBACMatcher.string(subject))
    }
}
