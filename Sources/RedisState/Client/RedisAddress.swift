/// Where a Redis server or a sentinel listens.
package struct RedisAddress: Sendable, Hashable, CustomStringConvertible {
    /// A name or an address literal, without brackets.
    package let host: String
    /// 1 to 65535.
    package let port: Int

    /// Makes an address.
    package init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
