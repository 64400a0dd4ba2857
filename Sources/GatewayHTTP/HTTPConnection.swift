import NIOCore

/// What is known of a connection, the same for all of its requests.
package struct HTTPConnection: Sendable {
    /// `203.0.113.7:51334`.
    package let remoteAddress: String
    /// The peer's address in network byte order, 4 or 16 bytes; empty where there is none.
    package let remotePacked: [UInt8]
    /// Our own address, 4 or 16 bytes; empty where there is none.
    package let localPacked: [UInt8]
    /// Our own port, 0 where there is none.
    package let localPort: Int

    /// What the TLS handshake came to; nil for plain text.
    package let security: ConnectionSecurity?

    init(_ channel: any Channel, security: ConnectionSecurity?) {
        self.security = security
        remoteAddress = channel.remoteAddress?.peerText ?? ""
        remotePacked = channel.remoteAddress?.packedAddress ?? []
        localPacked = channel.localAddress?.packedAddress ?? []
        localPort = channel.localAddress?.port ?? 0
    }
}
