package import IntentProtocol

/// What is known of a peer for as long as its connection lasts.
package struct PeerConnection: Sendable {
    /// The TCP peer's own address; nil for a Unix socket, and where it is not known.
    package let address: NetworkAddress?
    /// By its verified certificate; nil when it showed none.
    package let identity: ServiceIdentity?
    /// Whether its word about others is believed.
    package let isTrustedProxy: Bool

    /// Whether its word about the address of a client is read.
    package let isAddressProxy: Bool

    init(address: NetworkAddress?, identity: ServiceIdentity?, isTrustedProxy: Bool, isAddressProxy: Bool) {
        self.address = address
        self.identity = identity
        self.isTrustedProxy = isTrustedProxy
        self.isAddressProxy = isAddressProxy
    }
}
