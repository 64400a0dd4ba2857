package import IntentProtocol

/// The one service that all sources agree on.
///
/// The connection's identity comes first, a node's signature and a service-account token as they become known. Sources are
/// never ranked to settle a difference: two that name different services are a mistake or an attack, and either way the
/// request is refused.
package struct PeerResolution: Sendable {
    /// nil while nothing says who the peer is.
    package private(set) var identity: ServiceIdentity?

    /// Begins with what the connection says.
    package init(_ identity: ServiceIdentity? = nil) {
        self.identity = identity
    }

    /// Adds what another source says; nil says nothing.
    package mutating func add(_ other: ServiceIdentity?) throws(PeerRefusal) {
        guard let other else { return }
        identity = try identity?.confirmed(by: other) ?? other
    }

    /// All that agree; empty when nothing says who the peer is.
    package var sources: IdentitySources { identity?.sources ?? [] }
}
