import IntentProtocol

/// Where a service listens: the beginning of the URLs that it is asked by.
package struct ServiceAddress: Sendable, Hashable, CustomStringConvertible {
    /// Who may be asked by plain http.
    package enum PlainHTTP: Sendable, Hashable {
        /// This machine alone.
        case loopback
        /// Anybody: the configuration says that the network is trusted.
        case allowed
        /// This machine and the addresses at which a container platform hands credentials to its containers.
        case containerCredentials
    }

    /// Without a slash at its end.
    package let description: String
    /// `host`, or `host:port` where that is not the scheme's own: what the header Host says.
    package let authority: String
    /// Behind the authority, empty or beginning with a slash.
    package let path: String
    package let isTLS: Bool

    /// Reads an http or https URL without user, query, or fragment.
    ///
    /// - Parameter name: the key or variable that holds it, as messages begin.
    package init(_ text: String, plain: PlainHTTP, named name: String) throws(SourceFault) {
        func refuse(_ problem: String) -> SourceFault { SourceFault(.notConfigured, "\(name) \(problem)") }
        guard text.utf8.count <= 2_048,
            text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && !#"\?#@"<>"#.utf8.contains($0) }),
            let scheme = ["http", "https"].first(where: { text.lowercased().hasPrefix($0 + "://") })
        else { throw refuse("must be an https URL without user, query and fragment") }
        let rest = text.dropFirst(scheme.count + 3)
        let authority = rest.prefix { $0 != "/" }.lowercased()
        guard let (host, port) = Self.split(authority) else {
            throw refuse("must name a host, and a port from 1 to 65535")
        }
        isTLS = scheme == "https"
        if !isTLS, !Self.mayBePlain(host, plain) {
            throw refuse(
                plain == .containerCredentials
                    ? "is plain http to a host that hands no credentials to containers; https, this machine, 169.254.170.2, "
                        + "169.254.170.23 and [fd00:ec2::23] are accepted"
                    : "is plain http, where anybody on the way reads the secrets; use https, or set allowInsecureHttp: true "
                        + "where the network is trusted")
        }
        let isUsualPort = port == nil || port == (isTLS ? 443 : 80)
        self.authority =
            isUsualPort ? String(authority.prefix(authority.count - Self.portText(authority).count)) : authority
        var path = String(rest.dropFirst(authority.count))
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        description = "\(scheme)://\(self.authority)\(path)"
    }

    private static func portText(_ authority: String) -> Substring {
        let start = authority.lastIndex(of: "]") ?? authority.startIndex
        guard let colon = authority[start...].lastIndex(of: ":") else { return "" }
        return authority[colon...]
    }

    private static func split(_ authority: String) -> (host: String, port: Int?)? {
        let portText = portText(authority)
        var port: Int?
        if !portText.isEmpty {
            let digits = portText.dropFirst()
            guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(digits),
                (1...65_535).contains(number)
            else { return nil }
            port = number
        }
        var host = String(authority.dropLast(portText.count))
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard NetworkAddress(host) != nil else { return nil }
        } else {
            let isName = host.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
                default: false
                }
            }
            guard isName, (1...253).contains(host.utf8.count) else { return nil }
        }
        return (host, port)
    }

    private static func mayBePlain(_ host: String, _ plain: PlainHTTP) -> Bool {
        if plain == .allowed || host == "localhost" { return true }
        guard let address = NetworkAddress(host) else { return false }
        let isLoopback = address.isIPv6 ? address.bits == 1 : address.bits >> 24 == 127
        // What Amazon's own clients take: the agents of ECS and of EKS pod identity, at fixed link-local addresses.
        let hands = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"].compactMap { NetworkAddress($0) }
        return isLoopback || (plain == .containerCredentials && hands.contains(address))
    }
}
