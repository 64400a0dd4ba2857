package import IntentProtocol

/// The peers whose X-Forwarded-Client-Cert is believed.
///
/// Nobody is trusted for having a private address (S11): a proxy is named, by its principal at best.
package struct TrustedProxies: Sendable, Hashable {
    /// What is wrong with an entry, and what to write instead.
    package struct Fault: Error, Sendable, Hashable {
        package let message: String
    }

    /// The most entries.
    package static let entriesMax = 256

    private var trustsLoopback = false
    private var blocks: [AddressBlock] = []
    private var principals: Set<String> = []

    /// Trusts nobody.
    package init() {}

    /// Reads entries: `loopback` (a sidecar on this machine), an address or block such as
    /// `10.0.0.0/24`, or the SPIFFE ID that a proxy shows by mutual TLS.
    package init(_ entries: [String], _ domains: TrustDomainTable) throws(Fault) {
        guard entries.count <= Self.entriesMax else {
            throw Fault(
                message: "more than \(Self.entriesMax) trusted proxies: name blocks or principals that hold several")
        }
        for (place, entry) in entries.enumerated() {
            if entry == "loopback" {
                trustsLoopback = true
            } else if let block = AddressBlock(entry) {
                guard !block.isEverything else {
                    throw Fault(message: "entry \(place) trusts every address: name the proxy's own block or principal")
                }
                blocks.append(block)
            } else {
                principals.insert(try Self.principal(entry, place, domains))
            }
        }
    }

    /// Whether it trusts nobody.
    package var isEmpty: Bool { !trustsLoopback && blocks.isEmpty && principals.isEmpty }

    /// Whether a peer is trusted.
    ///
    /// - Parameters:
    ///   - address: the TCP peer's own, whatever any header says; nil where it is not known, which nobody is trusted for.
    ///   - identity: of its verified certificate.
    package func trusts(address: NetworkAddress?, identity: ServiceIdentity?) -> Bool {
        if let identity, identity.sources.contains(IdentitySources(.mtls)), principals.contains(identity.principal) {
            return true
        }
        guard let address else { return false }
        return trustsLoopback && address.isLoopback || blocks.contains { $0.contains(address) }
    }

    private static func principal(_ entry: String, _ place: Int, _ domains: TrustDomainTable) throws(Fault) -> String {
        let id: SPIFFEID
        do throws(SPIFFEIDFault) {
            id = try SPIFFEID(entry)
        } catch {
            throw Fault(
                message:
                    "entry \(place) is neither 'loopback', nor an address or block, nor a SPIFFE ID: it \(error.problem)"
            )
        }
        guard !id.isTrustDomain else {
            throw Fault(message: "entry \(place) names a trust domain: name the proxy in it")
        }
        guard domains.accepts(id.trustDomain) else {
            throw Fault(
                message: "entry \(place) is of trust domain \(id.trustDomain), which is not configured: add it there")
        }
        return domains.canonical(id).principal
    }
}

extension NetworkAddress {
    /// Whether it is of this machine: `127.0.0.0/8` or `::1`.
    fileprivate var isLoopback: Bool { isIPv6 ? bits == 1 : bits >> 24 == 127 }
}
