/// What a field of a rule looks at.
package enum RuleAttribute: Sendable, Hashable {
    case principal
    case namespace
    case serviceAccount
    case trustDomain
    case requestPrincipal
    case sourceAddress
    case remoteAddress
    case destinationAddress
    case host
    case port
    case method
    case path
    /// The name in lower case.
    case header(String)
    case audiences
    case presenter
    /// The names from the outermost object inwards.
    case claim([String])
    case serverName
}

extension RuleAttribute {
    /// Whether a CUSTOM policy may not look at it, because its provider is asked before tokens are checked.
    var isBarredFromCustom: Bool {
        switch self {
        case .principal, .namespace, .serviceAccount, .trustDomain, .requestPrincipal, .audiences, .presenter, .claim:
            true
        case .sourceAddress, .remoteAddress, .destinationAddress, .host, .port, .method, .path, .header, .serverName:
            false
        }
    }
}
