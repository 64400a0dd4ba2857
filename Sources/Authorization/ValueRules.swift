import Documents
import IntentProtocol

/// What a value of a field may look like.
enum ValueRules {
    static func check(
        _ value: (text: String, location: SourceLocation), _ attribute: RuleAttribute, _ place: String,
        _ diagnostics: Diagnostics
    ) {
        guard !value.text.isEmpty, let fault = fault(value.text, attribute) else { return }
        diagnostics.error("\(place): \(MessageText.quoted(value.text)) \(fault)", at: value.location)
    }

    private static func fault(_ text: String, _ attribute: RuleAttribute) -> String? {
        switch attribute {
        case .sourceAddress, .remoteAddress, .destinationAddress:
            AddressBlock(text) == nil ? "is neither an address nor a block such as 10.0.0.0/8" : nil
        case .port: port(text) == nil ? "is no port from 0 to 65535" : nil
        case .path: PathTemplate.fault(Array(text.utf8))
        case .serviceAccount: serviceAccountFault(text)
        case .trustDomain: trustDomainFault(text)
        case .principal, .namespace, .requestPrincipal, .host, .method, .header, .audiences, .presenter, .claim,
            .serverName:
            nil
        }
    }

    /// A port in decimal digits.
    static func port(_ text: String) -> UInt16? {
        NetworkAddress.decimal(Array(text.utf8)[...]).flatMap { UInt16(exactly: $0) }
    }

    private static func serviceAccountFault(_ text: String) -> String? {
        if text.contains("*") { return "may not hold '*': service accounts are named in full" }
        if text.count > RuleLimits.serviceAccountLengthMax {
            return "is longer than \(RuleLimits.serviceAccountLengthMax) characters"
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, !parts.contains(where: \.isEmpty) else {
            return "must be <name> or <namespace>/<name>"
        }
        return nil
    }

    private static func trustDomainFault(_ text: String) -> String? {
        if text.contains("/") { return "may not hold '/': it names a trust domain, not an identity" }
        return text.count { $0 == "*" } > 1 ? "may hold one '*' at most" : nil
    }
}
