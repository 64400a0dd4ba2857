/// Where a syslog server listens.
package enum SyslogAddress: Sendable, Hashable {
    /// A Unix socket, datagram or stream: `/dev/log`.
    case unix(path: String)
    case udp(host: String, port: Int)
    /// With octet counting (RFC 6587).
    case tcp(host: String, port: Int)
}

extension SyslogAddress: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .udp(let host, let port): "udp://\(Self.bracketed(host)):\(port)"
        case .tcp(let host, let port): "tcp://\(Self.bracketed(host)):\(port)"
        }
    }

    private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
