/// Where the keys of one issuer come from.
package protocol KeySetSource: Sendable {
    /// Reads the key set once, within the source's own limits of time and size; no retries, they are decided elsewhere.
    func fetch() async throws(KeySetError) -> FetchedKeySet
}

/// A key set as it came, not parsed yet.
package struct FetchedKeySet: Sendable {
    /// The JSON document.
    package var bytes: [UInt8]
    /// How long the issuer says that it stays fresh; nil when it does not say.
    package var freshForSeconds: Int64?

    /// Makes one.
    package init(bytes: [UInt8], freshForSeconds: Int64? = nil) {
        self.bytes = bytes
        self.freshForSeconds = freshForSeconds
    }
}
