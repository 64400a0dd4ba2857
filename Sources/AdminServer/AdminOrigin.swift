import Gateway
import GatewayHTTP
import IntentProtocol

/// Keeps out what a browser was led to send: scripts of other pages, and names of other people that resolve to this address.
struct AdminOrigin: Sendable {
    let hosts: Set<String>
    let origins: Set<String>
    /// `http` or `https`, as this port speaks it.
    let scheme: String

    /// Refuses a Host that is none of ours and an Origin that is neither this port itself, as the console's is, nor allowed.
    ///
    /// An address cannot be made to point elsewhere, so that literals need not be listed; a name can, by whoever owns it.
    func check(_ request: borrowing HTTPRequest) throws(AdminRefusal) {
        guard let host = request.host.flatMap({ String(validating: $0, as: UTF8.self) }), isOurs(host) else {
            throw AdminRefusal(
                421, "HOST_NOT_ALLOWED", "the admin API is not asked by this name; list it in admin.hosts")
        }
        let named = request.values(of: "origin")
        guard let origin = named.first else { return }
        guard named.count == 1, let text = String(validating: origin, as: UTF8.self),
            text == "\(scheme)://\(host.lowercased())" || origins.contains(text)
        else {
            throw AdminRefusal(
                403, "ORIGIN_NOT_ALLOWED", "scripts of this origin may not ask; list it in admin.origins")
        }
    }

    private func isOurs(_ host: String) -> Bool {
        let name = Self.withoutPort(host).lowercased()
        if name == "localhost" || hosts.contains(name) { return true }
        if name.hasPrefix("["), name.hasSuffix("]") {
            return NetworkAddress(String(name.dropFirst().dropLast())) != nil
        }
        return NetworkAddress(name)?.isIPv6 == false
    }

    private static func withoutPort(_ host: String) -> Substring {
        guard let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") else { return host[...] }
        return host[..<colon]
    }
}
