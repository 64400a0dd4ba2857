import NIOCore

extension SocketAddress {
    /// `203.0.113.7:51334` or `[2001:db8::7]:51334`; a caller over IPv4 has one form whatever the listener's family is.
    var peerText: String {
        guard let host = ipAddress, let port else { return "\(self)" }
        if host.hasPrefix("::ffff:"), host.contains(".") { return "\(host.dropFirst(7)):\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
