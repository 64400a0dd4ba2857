/// The parts of an http or https URL that a configuration can be judged by.
///
/// Refused: a user before the host, a fragment, spaces, backslashes and anything outside ASCII, because readers of URLs
/// disagree about them.
struct WebAddress {
    let scheme: String
    let host: String

    init?(_ text: String) {
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "\\") })
        else { return nil }
        guard let scheme = ["http", "https"].first(where: { text.hasPrefix($0 + "://") }) else { return nil }
        let rest = text.dropFirst(scheme.count + 3)
        guard !rest.contains("#") else { return nil }
        guard let host = Self.host(ofAuthority: rest.prefix { $0 != "/" && $0 != "?" }) else { return nil }
        self.scheme = scheme
        self.host = host
    }

    /// Whether the host is this machine, so that plain http crosses no network.
    var isLoopback: Bool { HostAndPort(host: host, port: 0).isLoopback }

    private static func host(ofAuthority authority: Substring) -> String? {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            let host = authority[..<end].dropFirst()
            guard HostAndPort.isIPv6(host), isPortOrNothing(authority[end...].dropFirst()) else { return nil }
            return String(host)
        }
        let host = authority.prefix { $0 != ":" }
        guard HostAndPort.isName(host), isPortOrNothing(authority[host.endIndex...]) else { return nil }
        return String(host)
    }

    private static func isPortOrNothing(_ text: Substring) -> Bool {
        if text.isEmpty { return true }
        guard text.hasPrefix(":"), let port = HostAndPort.port(text.dropFirst()) else { return false }
        return port > 0
    }
}
