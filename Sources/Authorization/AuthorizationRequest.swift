package import IntentProtocol

/// What policies are asked about: who, over which connection, and which HTTP request.
package struct AuthorizationRequest: Sendable {
    /// The peer by its verified certificate; nil when it showed none.
    package var principal: PeerPrincipal?
    /// The TCP peer, whatever any header says.
    package var sourceAddress: NetworkAddress?
    /// The client behind trusted proxies; the TCP peer where none is trusted.
    package var remoteAddress: NetworkAddress?
    /// The address that the connection was made to.
    package var destinationAddress: NetworkAddress?
    /// The port that the connection was made to.
    package var destinationPort: UInt16
    /// The server name of the TLS handshake as it was sent; nil or empty when there was none.
    package var serverName: ArraySlice<UInt8>?
    /// The method as it came.
    package var method: ArraySlice<UInt8>
    /// The request target as it came, with its query.
    package var target: ArraySlice<UInt8>
    /// `:authority`, or the value of `Host`, with its port if it has one; nil when there is neither.
    package var host: ArraySlice<UInt8>?
    /// The other header fields, without those that a RequestAuthentication took out.
    package var headers: AuthorizationHeaders
    /// The token that was verified; nil when there was none.
    package var token: TokenAttributes?

    /// Makes a request.
    package init(
        principal: PeerPrincipal? = nil, sourceAddress: NetworkAddress? = nil, remoteAddress: NetworkAddress? = nil,
        destinationAddress: NetworkAddress? = nil, destinationPort: UInt16, serverName: ArraySlice<UInt8>? = nil,
        method: ArraySlice<UInt8>, target: ArraySlice<UInt8>, host: ArraySlice<UInt8>? = nil,
        headers: AuthorizationHeaders = AuthorizationHeaders(), token: TokenAttributes? = nil
    ) {
        self.principal = principal
        self.sourceAddress = sourceAddress
        self.remoteAddress = remoteAddress
        self.destinationAddress = destinationAddress
        self.destinationPort = destinationPort
        self.serverName = serverName
        self.method = method
        self.target = target
        self.host = host
        self.headers = headers
        self.token = token
    }
}
