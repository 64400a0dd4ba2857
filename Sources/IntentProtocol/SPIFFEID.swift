/// A SPIFFE ID: `spiffe://<trust domain>/<path>`, checked character by character.
///
/// Only a text that passed every rule becomes one, so its characters may go into headers, logs and keys as they are (S12).
/// IDs are equal when their bytes are; nothing is decoded, folded or normalised on the way.
package struct SPIFFEID: Sendable, Hashable {
    /// The longest ID in bytes; the standard asks for as many and for no more.
    package static let bytesMax = 2_048
    private static let scheme = "spiffe://"

    /// The ID without `spiffe://`: `cluster.local/ns/default/sa/sleep`; ASCII.
    package let principal: String
    /// The trust domain.
    package let trustDomain: TrustDomain

    /// Reads an ID with its scheme.
    package init(_ text: some Collection<UInt8>) throws(SPIFFEIDFault) {
        guard text.count <= Self.bytesMax else { throw .tooLong }
        guard text.starts(with: Self.scheme.utf8) else { throw .scheme }
        try self.init(principal: text.dropFirst(Self.scheme.utf8.count))
    }

    /// Reads an ID with its scheme.
    package init(_ text: String) throws(SPIFFEIDFault) {
        try self.init(text.utf8)
    }

    /// Reads an ID without its scheme.
    package init(principal: some Collection<UInt8>) throws(SPIFFEIDFault) {
        guard principal.count + Self.scheme.utf8.count <= Self.bytesMax else { throw .tooLong }
        let slash = UInt8(ascii: "/")
        let cut = principal.firstIndex(of: slash) ?? principal.endIndex
        guard let trustDomain = TrustDomain(principal[..<cut]) else { throw .trustDomain }
        try Self.checkPath(principal[cut...])
        self.principal = String(decoding: principal, as: UTF8.self)
        self.trustDomain = trustDomain
    }

    private init(trustDomain: TrustDomain, path: Substring.UTF8View) {
        principal = trustDomain.name + String(Substring(path))
        self.trustDomain = trustDomain
    }

    /// The ID of a Kubernetes service account in the form that Istio gives it; nil when a name cannot be part of an ID.
    package init?(trustDomain: TrustDomain, namespace: some StringProtocol, serviceAccount: some StringProtocol) {
        guard !namespace.utf8.contains(UInt8(ascii: "/")), !serviceAccount.utf8.contains(UInt8(ascii: "/")),
            let id = try? SPIFFEID(principal: "\(trustDomain.name)/ns/\(namespace)/sa/\(serviceAccount)".utf8)
        else { return nil }
        self = id
    }

    /// The path with its leading `/`; empty for the ID of a trust domain itself.
    package var path: Substring.UTF8View { principal.utf8.dropFirst(trustDomain.name.utf8.count) }

    /// Whether it names a trust domain and nothing in it: an authority's ID, never a service's.
    package var isTrustDomain: Bool { path.isEmpty }

    /// The ID with its scheme.
    package var text: String { Self.scheme + principal }

    /// The same path in another trust domain.
    package func moved(to trustDomain: TrustDomain) -> SPIFFEID {
        trustDomain == self.trustDomain ? self : SPIFFEID(trustDomain: trustDomain, path: path)
    }

    /// The path is empty or a run of `/segment`.
    private static func checkPath(_ path: some Collection<UInt8>) throws(SPIFFEIDFault) {
        let dot = UInt8(ascii: ".")
        var length = 0
        var areDots = true
        for byte in path.dropFirst() {
            guard byte != UInt8(ascii: "/") else {
                try checkSegment(length, areDots: areDots)
                length = 0
                areDots = true
                continue
            }
            guard TrustDomain.isAllowed(byte) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) else {
                throw .pathCharacter
            }
            length += 1
            areDots = areDots && byte == dot
        }
        if !path.isEmpty { try checkSegment(length, areDots: areDots) }
    }

    private static func checkSegment(_ length: Int, areDots: Bool) throws(SPIFFEIDFault) {
        guard length > 0 else { throw .emptySegment }
        guard !areDots || length > 2 else { throw .dotSegment }
    }
}

extension SPIFFEID: CustomStringConvertible {
    package var description: String { text }
}
