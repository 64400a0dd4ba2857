import Documents
package import IntentProtocol

/// `redis://[user[:password]@]host[:port][/database]`, or `rediss://` for TLS.
package struct RedisURL: Sendable, Hashable {
    /// Whether the connection is encrypted.
    package let isTLS: Bool
    /// Where the server is; port 6379 when the URL names none.
    package let address: HostAndPort
    /// The user, when the URL names one.
    package let username: String?
    /// The password, when the URL holds one.
    package let password: Secret?
    /// The database, when the URL names one.
    package let database: Int?

    /// Reads a URL.
    ///
    /// - Returns: nil for another scheme, a host that is none, a database above 1,023, or anything behind the database.
    package init?(_ text: String) {
        guard text.utf8.count <= 2_048, let scheme = ["redis", "rediss"].first(where: { text.hasPrefix($0 + "://") })
        else { return nil }
        isTLS = scheme == "rediss"
        var rest = text.dropFirst(scheme.count + 3)
        var user: String?
        var secret: Secret?
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decoded(parts[0]) else { return nil }
            user = name.isEmpty ? nil : name
            if parts.count == 2 {
                guard let word = PercentEncoding.decoded(parts[1]), !word.isEmpty else { return nil }
                secret = Secret(word)
            }
            rest = rest[rest.index(after: at)...]
        }
        username = user
        password = secret
        let authority = rest.prefix { $0 != "/" }
        let path = rest[authority.endIndex...].dropFirst()
        guard let address = Self.address(authority) else { return nil }
        self.address = address
        guard !path.isEmpty else {
            database = nil
            return
        }
        guard path.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(path), number <= 1_023 else {
            return nil
        }
        database = number
    }

    /// The URL without user and password.
    package var withoutSecrets: String {
        "\(isTLS ? "rediss" : "redis")://\(address)\(database.map { "/\($0)" } ?? "")"
    }

    /// A text that is no URL, as a message may show it: not at all where a user and a password may be in it.
    static func shown(_ text: String) -> String {
        text.contains("@") ? "one that is not shown" : MessageText.quoted(text)
    }

    private static func address(_ authority: Substring) -> HostAndPort? {
        let hasPort = authority.hasPrefix("[") ? !authority.hasSuffix("]") : authority.contains(":")
        guard let address = HostAndPort(hasPort ? String(authority) : "\(authority):6379"), address.port > 0 else {
            return nil
        }
        return address
    }
}
