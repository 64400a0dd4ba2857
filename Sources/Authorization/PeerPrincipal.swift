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

    /// Calls back for each part that is the namespace until one is taken.
    func hasNamespace(where isWanted: (Span<UInt8>) -> Bool) -> Bool {
        if let namespace { return isWanted(bytes.span.extracting(namespace)) }
        let segments = Self.segments(of: bytes)
        return segments.indices.contains { place in
            isNamespaceMark(segments, place) && place + 2 < segments.count && !segments[place + 1].isEmpty
                && isWanted(bytes.span.extracting(segments[place + 1]))
        }
    }

    /// Whether the peer runs as this account of this namespace.
    func isAccount(_ account: Span<UInt8>, of wantedNamespace: Span<UInt8>) -> Bool {
        if let namespace, let serviceAccount {
            return bytes.span.extracting(serviceAccount).isSame(as: account)
                && bytes.span.extracting(namespace).isSame(as: wantedNamespace)
        }
        let segments = Self.segments(of: bytes)
        return segments.indices.contains { place in
            guard isNamespaceMark(segments, place), place + 3 < segments.count,
                bytes.span.extracting(segments[place + 1]).isSame(as: wantedNamespace)
            else { return false }
            return (place + 2..<segments.count - 1).contains { mark in
                bytes[segments[mark]].elementsEqual("sa".utf8)
                    && bytes.span.extracting(segments[mark + 1]).isSame(as: account)
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
