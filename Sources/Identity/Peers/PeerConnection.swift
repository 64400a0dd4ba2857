package import IntentProtocol

/// What is known of a peer for as long as its connection lasts.
package struct PeerConnection: Sendable {
    /// The TCP peer's own address; nil for a Unix socket, and where it is not known.
    package let address: NetworkAddress?
    /// By its verified certificate; nil when it showed none.
    package let identity: ServiceIdentity?
    /// Whether its word about others is believed.
    package let isTrustedProxy: Bool

    init(address: NetworkAddress?, identity: ServiceIdentity?, isTrustedProxy: Bool) {
        self.address = address
        self.identity = identity
        self.isTrustedProxy = isTrustedProxy
    }
}
