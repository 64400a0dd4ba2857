package import Documents

/// Checks the trust domains that a policy's principals name against those that the gateway knows.
package enum PolicyTrustDomains {
    /// Notes an error for an alias of our trust domain and a warning for a trust domain that nobody has.
    ///
    /// Callers are known under our own name, whatever alias their certificate has: a rule that names the alias would match
    /// nobody, and if it denies, it would let everybody through.
    ///
    /// - Parameters:
    ///   - own: our trust domain.
    ///   - aliases: its other names.
    ///   - federated: the other trust domains that are believed.
    package static func check(
        _ document: PolicyDocument, own: String, aliases: [String], federated: [String], into diagnostics: Diagnostics
    ) {
        for rule in document.rules {
            guard let principals = rule.principals else { continue }
            check(
                principals, of: "rule '\(rule.id)'", own: own, aliases: aliases, federated: federated,
                at: rule.location,
                into: diagnostics)
        }
    }

    /// The same of the principals of one place, which messages call by the name given.
    package static func check(
        _ principals: PrincipalPatterns, of place: String, own: String, aliases: [String], federated: [String],
        at location: SourceLocation?, into diagnostics: Diagnostics
    ) {
        for domain in principals.trustDomains where domain != own && !federated.contains(domain) {
            let named = MessageText.quoted(domain)
            if aliases.contains(domain) {
                diagnostics.error(
                    "\(place) names the alias \(named): principals are in the name \(MessageText.quoted(own))",
                    at: location)
            } else {
                diagnostics.warning(
                    "\(place) names the trust domain \(named), which is not configured: it matches nobody", at: location
                )
            }
        }
    }
}
