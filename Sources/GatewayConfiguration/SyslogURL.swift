import Documents

/// Where a syslog server listens.
package enum SyslogURL: Sendable, Hashable {
    case unix(path: String)
    case udp(HostAndPort)
    case tcp(HostAndPort)

    /// Where the system's own one listens.
    package static let local = SyslogURL.unix(path: "/dev/log")

    /// Reads `unix:/path`, `udp://host:port` or `tcp://host:port`.
    package init?(_ text: String) {
        if text.hasPrefix("unix:/") {
            let path = String(text.dropFirst("unix:".count))
            guard (2...107).contains(path.utf8.count), !path.contains("\0") else { return nil }
            self = .unix(path: path)
        } else if text.hasPrefix("udp://"), let address = HostAndPort(String(text.dropFirst(6))), address.port > 0 {
            self = .udp(address)
        } else if text.hasPrefix("tcp://"), let address = HostAndPort(String(text.dropFirst(6))), address.port > 0 {
            self = .tcp(address)
        } else {
            return nil
        }
    }

    /// Whether messages may be lost without anybody being told.
    var isLossy: Bool {
        switch self {
        case .udp: true
        case .unix, .tcp: false
        }
    }
}

extension SyslogURL: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .udp(let address): "udp://\(address)"
        case .tcp(let address): "tcp://\(address)"
        }
    }
}

extension ValueKind where Value == SyslogURL {
    static var syslogURL: ValueKind {
        ValueKind(
            type: "unix:, udp:// or tcp:// address",
            expectation: "unix:/path (of at most 107 bytes), udp://host:port or tcp://host:port",
            parse: { $0.kind == .string ? SyslogURL($0.text) : nil }, parseVariable: { SyslogURL($0) },
            show: { $0.description })
    }
}

extension ValueKind where Value == String {
    /// A name that stands in a log without being escaped.
    static var nodeName: ValueKind {
        let accepts: @Sendable (String) -> String? = { text in
            let isPlain = text.utf8.allSatisfy { byte in
                byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
                    || ".-_:".utf8.contains(byte)
            }
            return (1...255).contains(text.utf8.count) && isPlain ? text : nil
        }
        return ValueKind(
            type: "string", expectation: "1 to 255 letters, digits and . - _ :",
            parse: { $0.kind == .string ? accepts($0.text) : nil }, parseVariable: accepts, show: { $0 })
    }
}
