/// Makes bucket keys; one for a process, under a key drawn at its start.
package struct BucketKeyHasher: Sendable {
    private let start: SipHash128

    /// Makes a hasher.
    ///
    /// - Parameter secret: 128 random bits, drawn anew by every process.
    package init(secret: (UInt64, UInt64)) {
        start = SipHash128(key: secret)
    }

    /// Hashes a limit's name once, ahead of the requests that are counted against it.
    package func prepare(_ limit: RateLimit) -> PreparedLimit {
        PreparedLimit(limit: limit, prefix: prefix(limitName: limit.name))
    }

    /// The key of the bucket that all keys without room of their own share; it has no key field, as no caller's key
    /// can.
    func overflowKey(limitName: String) -> BucketKey {
        BucketKey(prefix(limitName: limitName).finish())
    }

    private func prefix(limitName: String) -> SipHash128 {
        var hash = start
        var name = limitName
        name.withUTF8 { hash.absorb(field: UnsafeRawBufferPointer($0)) }
        return hash
    }
}
