package import IntentProtocol

/// A node that signs its requests.
package struct NodePeer: Sendable {
    /// The longest name in bytes.
    package static let idBytesMax = 200

    /// What it calls itself in `X-Intentus-Node-Id`.
    package let id: String
    /// The secrets that it may sign with: one, or two while one replaces the other.
    package let secrets: [Secret]
    /// Which service it is.
    package let service: SPIFFEID

    package init(id: String, secrets: [Secret], service: SPIFFEID) {
        self.id = id
        self.secrets = secrets
        self.service = service
    }
}
