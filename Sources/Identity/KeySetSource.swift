/// Where the keys of one issuer come from.
package protocol KeySetSource: Sendable {
    /// Reads the key set once, within the source's own limits of time and size; no retries, they are decided elsewhere.
    ///
    /// - Parameter reason: why; a source of one node alone does not care.
    func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet
}

extension KeySetSource {
    /// Reads the key set because it is time to.
    package func fetch() async throws(KeySetError) -> FetchedKeySet {
        try await fetch(.scheduled)
    }
}

/// A key set as it came, not parsed yet.
package struct FetchedKeySet: Sendable, Hashable {
    /// The JSON document.
    package var bytes: [UInt8]
    /// How long the issuer says that it stays fresh; nil when it does not say.
    package var freshForSeconds: Int64?
    /// How long ago the issuer served it: more than 0 for the copy of another node's fetch.
    package var ageMilliseconds: Int64

    /// Makes one.
    package init(bytes: [UInt8], freshForSeconds: Int64? = nil, ageMilliseconds: Int64 = 0) {
        self.bytes = bytes
        self.freshForSeconds = freshForSeconds
        self.ageMilliseconds = ageMilliseconds
    }
}
