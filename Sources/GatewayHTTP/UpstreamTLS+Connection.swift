package import NIOCore

extension UpstreamTLS {
    /// Puts the client's side of TLS into a new connection that no pool keeps.
    ///
    /// - Parameter finish: told once, on the connection's event loop, whether it may carry requests.
    /// - Returns: false, and `finish` is never called, where there is no context for such a connection yet.
    package func secure(
        _ channel: any Channel, to endpoint: UpstreamEndpoint, withinMilliseconds milliseconds: Int64,
        finish: @escaping (Bool) -> Void
    ) throws -> Bool {
        guard let ours = handshake(endpoint.security, host: endpoint.host) else { return false }
        let handshake = UpstreamHandshake(
            withinMilliseconds: milliseconds,
            finish: { [self] isDone in
                if !isDone { handshakeFailed(endpoint, ours.check?.refused) }
                finish(isDone)
            })
        try channel.pipeline.syncOperations.addHandlers([ours.handler, handshake])
        return true
    }
}
