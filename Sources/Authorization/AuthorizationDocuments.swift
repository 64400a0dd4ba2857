/// All resources that were read, in the order of the files.
package struct AuthorizationDocuments: Sendable, Hashable {
    package var policies: [AuthorizationPolicy] = []
    package var requestAuthentications: [RequestAuthentication] = []
    package var peerAuthentications: [PeerAuthentication] = []

    /// How many there are.
    package var count: Int { policies.count + requestAuthentications.count + peerAuthentications.count }

    /// Starts without any.
    package init() {}
}
