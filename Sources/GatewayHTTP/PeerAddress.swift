import NIOCore

extension SocketAddress {
    /// `203.0.113.7:51334` or `[2001:db8::7]:51334`; a caller over IPv4 has one form whatever the listener's family is.
    var peerText: String {
        guard let host = ipAddress, let port else { return "\(self)" }
        if host.hasPrefix("::ffff:"), host.contains(".") { return "\(host.dropFirst(7)):\(port)" }
        return host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    /// The address in network order, 4 or 16 bytes; empty for a Unix socket.
    var packedAddress: [UInt8] {
        withSockAddr { pointer, size in
            let bytes = UnsafeRawBufferPointer(start: pointer, count: size)
            switch self.protocol {
            case .inet: return Array(bytes[4..<8])
            case .inet6: return Array(bytes[8..<24])
            default: return []
            }
        }
    }
}
