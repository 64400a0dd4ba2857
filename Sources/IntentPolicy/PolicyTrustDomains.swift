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
            for domain in rule.principals?.trustDomains ?? [] where domain != own && !federated.contains(domain) {
                let named = MessageText.quoted(domain)
                if aliases.contains(domain) {
                    diagnostics.error(
                        "rule '\(rule.id)' names the alias \(named): principals are in the name \(MessageText.quoted(own))",
                        at: rule.location)
                } else {
                    diagnostics.warning(
                        "rule '\(rule.id)' names the trust domain \(named), which is not configured: it matches nobody",
                        at: rule.location)
                }
            }
        }
    }
}
