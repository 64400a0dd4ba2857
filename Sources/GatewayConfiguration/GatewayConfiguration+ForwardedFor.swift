import Documents

extension GatewayConfiguration {
    /// How the address of a client behind proxies is found.
    package struct ForwardedFor: Sendable, Hashable {
        /// Proxies in a row in front of this gateway; 0 reads no header.
        package var trustedHops = 0
        /// The peers whose header is read; empty means the trusted proxies of the mesh.
        package var proxies: [String] = []

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.ForwardedFor: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "trustedHops", \.trustedHops, .integer(0...16),
            "Proxies in a row in front of this gateway, each adding its own peer to `X-Forwarded-For`: the address so many "
                + "places from the right is the client's, for `remoteIpBlocks`. 0 reads no header."),
        .list(
            "proxies", \.proxies, of: .text(bytesMax: 2_048), countMax: 256,
            "Peers whose `X-Forwarded-For` is read, as in `trustedProxies`; none means those. From anybody else it is not read."
        ),
    ]
}
