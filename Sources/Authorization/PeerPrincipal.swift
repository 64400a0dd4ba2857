/// Who the peer is by its verified certificate: the SPIFFE ID without `spiffe://`.
///
/// Its parts are found once per connection. In an identity of the usual form (`td/ns/<namespace>/sa/<account>`) namespace and
/// account are exactly those two parts; in others they are looked for among the segments after the trust domain. Patterns
/// are compared with one part at a time, so that nothing in them reaches across a `/`.
package struct PeerPrincipal: Sendable, Hashable {
    /// UTF-8, never empty.
    package let bytes: [UInt8]
    /// Up to the first `/`; empty when there is none.
    let trustDomain: Range<Int>
    /// Of the usual form.
    let namespace: Range<Int>?
    /// Of the usual form.
    let serviceAccount: Range<Int>?

    /// Takes a verified identity; nil for an empty one.
    package init?(_ text: some Collection<UInt8>) {
        guard !text.isEmpty else { return nil }
        bytes = Array(text)
        let segments = Self.segments(of: bytes)
        trustDomain = segments.count > 1 ? segments[0] : 0..<0
        let isUsual =
            segments.count == 5 && segments.allSatisfy { !$0.isEmpty } && bytes[segments[1]].elementsEqual("ns".utf8)
            && bytes[segments[3]].elementsEqual("sa".utf8)
        namespace = isUsual ? segments[2] : nil
        serviceAccount = isUsual ? segments[4] : nil
    }

    /// Takes a verified identity; nil for an empty one.
    package init?(_ text: String) {
        self.init(text.utf8)
    }

    /// Whether one of the parts that may be the namespace, in an identity of another form than the usual, is wanted.
    func hasUnusualNamespace(where isWanted: (ArraySlice<UInt8>) -> Bool) -> Bool {
        let segments = Self.segments(of: bytes)
        return segments.indices.contains { place in
            isNamespaceMark(segments, place) && place + 2 < segments.count && !segments[place + 1].isEmpty
                && isWanted(bytes[segments[place + 1]])
        }
    }

    /// Whether an identity of another form than the usual is of this account of this namespace.
    func isUnusualAccount(_ account: UnsafeRawBufferPointer, of namespace: UnsafeRawBufferPointer) -> Bool {
        let segments = Self.segments(of: bytes)
        return segments.indices.contains { place in
            guard isNamespaceMark(segments, place), place + 3 < segments.count,
                bytes[segments[place + 1]].elementsEqual(namespace)
            else { return false }
            return (place + 2..<segments.count - 1).contains { mark in
                bytes[segments[mark]].elementsEqual("sa".utf8) && bytes[segments[mark + 1]].elementsEqual(account)
            }
        }
    }

    private func isNamespaceMark(_ segments: [Range<Int>], _ place: Int) -> Bool {
        place > 0 && bytes[segments[place]].elementsEqual("ns".utf8)
    }

    private static func segments(of bytes: [UInt8]) -> [Range<Int>] {
        bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { $0.startIndex..<$0.endIndex }
    }
}
