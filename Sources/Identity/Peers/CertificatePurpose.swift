/// What a peer's certificate is shown for.
package enum CertificatePurpose: Sendable, Hashable {
    /// The peer connected to us.
    case client
    /// We connected to the peer.
    case server
}
