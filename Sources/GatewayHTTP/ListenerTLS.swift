import Glibc

/// TLS of a listener: which connections need it, with which certificates, and what a handshake may cost.
package struct ListenerTLS: Sendable {
    /// Which connections are taken.
    package enum Mode: Sendable, Hashable {
        /// Plain text alone, for as long as whoever decides says so.
        case disable
        /// TLS and plain text on one port, told apart by a connection's first byte.
        case permissive
        /// TLS alone.
        case strict
        /// TLS alone, and only with a certificate of the client, whatever the handshake would let pass.
        case mutual
    }

    package var mode = Mode.strict
    /// What holds for a port where that may change while the listener runs; asked once for each connection, at its first byte.
    ///
    /// nil leaves it to ``mode``.
    package var modeOfPort: (@Sendable (_ port: UInt16) -> Mode)?
    /// Told of each handshake that failed, and of the peer's address; called on an event loop.
    package var onFailure: (@Sendable (_ reason: TLSGauges.Failure, _ remoteAddress: String) -> Void)?
    /// Certificate, key and trust of new connections; replaced while the listener runs.
    package let credentials: TLSCredentials
    /// From a connection's first byte to the end of its handshake; over it the connection is closed.
    package var handshakeTimeoutMilliseconds: Int64 = 5_000
    /// Handshakes at the same time; one more is closed at once, because each holds memory for a peer that nobody knows yet.
    package var handshakesMax = 1_000
    /// For how long browsers are told to come back by https alone, in seconds; 0 tells them nothing.
    package var strictTransportSeconds = 31_536_000
    /// HTTP/2, where the client and the certificates' context agree on it.
    package var http2 = HTTP2Limits()
    /// The wall clock.
    package var unixSeconds: @Sendable () -> Int64 = { Int64(time(nil)) }
    /// What the handshakes came to.
    package let gauges = TLSGauges()

    package init(_ credentials: TLSCredentials) {
        self.credentials = credentials
    }

    func mode(port: UInt16) -> Mode { modeOfPort?(port) ?? mode }

    var headerLines: [UInt8] {
        guard strictTransportSeconds > 0 else { return [] }
        // And what is JSON is to be read as nothing else.
        let lines =
            "strict-transport-security: max-age=\(strictTransportSeconds)\r\n" + "x-content-type-options: nosniff\r\n"
        return Array(lines.utf8)
    }
}
