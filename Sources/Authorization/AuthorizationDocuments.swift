/// All resources that were read, in the order of the files.
package struct AuthorizationDocuments: Sendable, Hashable {
    package var policies: [AuthorizationPolicy] = []
    package var requestAuthentications: [RequestAuthentication] = []
    package var peerAuthentications: [PeerAuthentication] = []

    /// Starts without any.
    package init() {}
}
