/// The kinds of resources that are read.
enum ResourceKind: String, CaseIterable {
    case authorizationPolicy = "AuthorizationPolicy"
    case requestAuthentication = "RequestAuthentication"
    case peerAuthentication = "PeerAuthentication"
}
