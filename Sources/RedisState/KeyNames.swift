/// The names of our keys and channels: one prefix for a cluster of gateways, so that several may share a Redis and an
/// ACL can name what is ours.
package struct KeyNames: Sendable, Hashable {
    /// What all keys and channels begin with.
    package let prefix: String

    /// Makes names under a prefix of the configuration, `intentusnet:` when it names none.
    package init(prefix: String = "intentusnet:") {
        self.prefix = prefix
    }

    /// A key in the slot that the tag names; tags are our own words or hashes, never a caller's text (S21).
    func key(tag: String, _ name: String) -> [UInt8] {
        Array("\(prefix){\(tag)}:\(name)".utf8)
    }

    /// A channel.
    func channel(_ name: String) -> String {
        "\(prefix)\(name)"
    }
}
