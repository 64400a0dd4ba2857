package import Identity
package import IntentProtocol

/// What is known of the connection that requests arrive on; made once for all of them.
package final class ArrivalConnection: Sendable {
    /// `203.0.113.7:51334`.
    package let remoteAddress: String
    /// The TCP peer, whatever any header says; nil where it has no address.
    package var sourceAddress: NetworkAddress? { peer.address }
    /// The address that the connection was made to.
    package let destinationAddress: NetworkAddress?
    /// The port that the connection was made to.
    package let destinationPort: UInt16
    /// Who the peer is by the connection itself, and whether its word about others is believed.
    package let peer: PeerConnection
    /// Why the certificate that the peer showed names no service any more; nil where it does, or none was shown.
    package let certificateFault: CertificateRefusal?
    /// The Unix second from which the certificate that the peer showed is over, however long its connection lasts.
    package let certificateEndSeconds: Int64
    /// Whether requests arrive by TLS.
    package let isTLS: Bool
    /// The server name of the TLS handshake as it was sent; nil without one.
    package let serverName: [UInt8]?

    package init(
        remoteAddress: String, peer: PeerConnection, destinationAddress: NetworkAddress? = nil,
        destinationPort: UInt16 = 0, certificateFault: CertificateRefusal? = nil,
        certificateEndSeconds: Int64 = .max, isTLS: Bool = false, serverName: [UInt8]? = nil
    ) {
        self.isTLS = isTLS
        self.certificateFault = certificateFault
        self.certificateEndSeconds = certificateEndSeconds
        self.remoteAddress = remoteAddress
        self.peer = peer
        self.destinationAddress = destinationAddress
        self.destinationPort = destinationPort
        self.serverName = serverName
    }

    /// Whether a service sends a request for its own part; nobody does by a certificate that is faulty or over.
    package func isService(forwarded: ArraySlice<UInt8>?, unixSeconds: Int64, by rules: PeerRules) -> Bool {
        certificateFault == nil && unixSeconds < certificateEndSeconds
            && rules.isService(on: peer, forwarded: forwarded.map { [$0] } ?? [])
    }
}
