package import Identity

/// A key set that stands in a document which was read already.
package struct FixedKeySetSource: KeySetSource {
    private let bytes: [UInt8]

    /// Takes a JWKS as it is written.
    package init(_ text: String) {
        bytes = Array(text.utf8)
    }

    package func fetch(_ reason: KeySetFetchReason) async throws(KeySetError) -> FetchedKeySet {
        // It changes only with the document that it stands in.
        FetchedKeySet(bytes: bytes, freshForSeconds: 86_400)
    }
}
