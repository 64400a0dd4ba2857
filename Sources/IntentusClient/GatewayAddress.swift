import Foundation
package import GatewayHTTP

/// Where a gateway is, taken apart once.
package struct GatewayAddress: Sendable, Hashable {
    let host: String
    let port: Int
    private let hostHeader: String
    private let pathPrefix: String
    package let isTLS: Bool

    /// Reads `http://host:port` or the same with https; nil when it is none.
    package init?(_ text: String) {
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme), var host = parts.host, !host.isEmpty, parts.user == nil,
            parts.query == nil, parts.fragment == nil,
            host.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return nil }
        isTLS = scheme == "https"
        let usual = isTLS ? 443 : 80
        let port = parts.port ?? usual
        guard (1...65_535).contains(port) else { return nil }
        self.port = port
        // An IPv6 address stands between brackets in a URL and in the header, and nowhere else.
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        self.host = host
        let name = host.contains(":") ? "[\(host)]" : host
        hostHeader = port == usual ? name : "\(name):\(port)"
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        pathPrefix = path
    }

    /// The endpoint of a path.
    ///
    /// - Parameter principal: the service that the gateway must be; nil for a certificate of the host.
    package func endpoint(_ path: String, _ method: HTTPMethod, principal: String?) -> UpstreamEndpoint {
        let security: UpstreamSecurity = isTLS ? (principal.map { .principal($0) } ?? .hostName) : .none
        return UpstreamEndpoint(
            host: host, port: port, hostHeader: hostHeader, path: pathPrefix + path, method: method,
            security: security)
    }
}
