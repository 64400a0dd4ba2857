/// How a gateway is called by https: who we are, whom we trust, and which service the gateway is.
///
/// The files are looked at again while the client lives: new ones take effect with the next connection, and what cannot be
/// used leaves the former ones in force.
public struct GatewayTLS: Sendable, Hashable {
    /// Our certificate and those between it and its authority, a PEM file; nil shows none.
    public var certificateFile: String?
    /// The certificate's key, a PEM file.
    public var keyFile: String?
    /// Who vouches for gateways, PEM files; empty trusts the system's authorities.
    public var trustBundleFiles: [String] = []
    /// The service that a gateway must be, such as `cluster.local/ns/default/sa/gateway`, whatever its host is called; nil
    /// asks for a certificate of the host. Needs trust bundles: the system's authorities know no services.
    public var gatewayPrincipal: String?

    /// No certificate of ours, the system's authorities, and the host's name.
    public init() {}
}
