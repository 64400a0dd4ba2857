/// What the TLS handshake of a connection came to; made once for each connection, shared by its requests.
package final class ConnectionSecurity: Sendable {
    /// The leaf of the client's verified certificate chain in DER; nil when the client showed none.
    package let peerCertificate: [UInt8]?
    /// The Unix second in which the first certificate of that chain is over; where the library alone verified it, the leaf.
    package let certificateEndSeconds: Int64
    /// The server name that the client asked for, as it was sent; nil when it asked for none.
    package let serverName: [UInt8]?
    /// Complete header lines for every answer, each ended by CR LF.
    let headerLines: [UInt8]

    init(
        peerCertificate: [UInt8]?, certificateEndSeconds: Int64 = .max, serverName: [UInt8]?, headerLines: [UInt8]
    ) {
        self.peerCertificate = peerCertificate
        self.certificateEndSeconds = certificateEndSeconds
        self.serverName = serverName
        self.headerLines = headerLines
    }
}
