import Foundation

/// Where a key set may be fetched from: an address that the configuration names and that leads to no secret neighbour.
package struct KeySetURL: Sendable, Hashable {
    /// Why an address is not accepted.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// The problem, for the operator.
        package let problem: String

        /// The problem.
        package var description: String { problem }

        init(_ problem: String) {
            self.problem = problem
        }
    }

    /// The address as it was given.
    package let text: String
    /// Its host, lower case, an IPv6 address without brackets.
    package let host: String
    /// Whether TLS is spoken.
    package let isSecure: Bool
    let port: Int
    /// Whether the operator named this machine itself; any other name must not lead to it.
    let namesLoopback: Bool

    /// Accepts `https` anywhere, and `http` for this machine or where the operator accepts an insecure fetch.
    ///
    /// - Throws: ``Fault`` for anything else, for user information and fragments, and for link-local and metadata
    ///   addresses in whatever spelling a resolver would take.
    package init(_ text: String, allowInsecure: Bool = false) throws(Fault) {
        // What one parser reads as the host another may read as something else; only plain characters get that far.
        guard text.utf8.count <= 2_048, text.utf8.allSatisfy(Self.isPlain), let parts = URLComponents(string: text),
            let scheme = parts.scheme?.lowercased(), let rawHost = parts.percentEncodedHost, !rawHost.isEmpty
        else { throw Fault("it is not an absolute URL in plain ASCII") }
        guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
            throw Fault("user information and fragments are not accepted")
        }
        var host = rawHost.lowercased()
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        guard !host.isEmpty, !host.contains("%") else { throw Fault("its host has escapes or a zone") }
        let address = NetworkAddress(host)
        if let address, address.isForbidden {
            throw Fault("link-local, metadata, multicast and unspecified addresses are not accepted")
        }
        namesLoopback = address?.isLoopback ?? (host == "localhost" || host == "localhost.")
        switch scheme {
        case "https": isSecure = true
        case "http":
            guard namesLoopback || allowInsecure else {
                throw Fault("http is accepted for this machine only; whoever stands between could replace the keys")
            }
            isSecure = false
        default: throw Fault("only https and http are accepted")
        }
        self.host = host
        self.text = text
        port = parts.port ?? (isSecure ? 443 : 80)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != UInt8(ascii: "\\") && byte != UInt8(ascii: "\"")
            && byte != UInt8(ascii: "<") && byte != UInt8(ascii: ">")
    }
}
