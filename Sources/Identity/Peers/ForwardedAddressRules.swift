package import IntentProtocol

/// How the address of a client behind proxies is found: counted from the right of X-Forwarded-For, and from nobody but
/// proxies that are named.
///
/// What stands further left was written by the client, or by whoever it came through (S20).
package struct ForwardedAddressRules: Sendable, Hashable {
    /// The most proxies that can stand between a client and this gateway.
    package static let trustedHopsMax = 16

    private let trustedHops: Int
    private let proxies: TrustedProxies

    /// Makes rules that believe nobody unless told.
    ///
    /// - Parameters:
    ///   - trustedHops: how many proxies stand in a row in front of this gateway, each of which adds the address of its own
    ///     peer at the right; 0 reads no header.
    ///   - proxies: whose header is read: the last proxy of the row.
    package init(trustedHops: Int = 0, proxies: TrustedProxies = TrustedProxies()) {
        self.trustedHops = min(max(trustedHops, 0), Self.trustedHopsMax)
        self.proxies = proxies
    }

    /// Whether a peer's header is read at all; asked once for a connection.
    func reads(address: NetworkAddress?, identity: ServiceIdentity?) -> Bool {
        trustedHops > 0 && proxies.trusts(address: address, identity: identity)
    }

    /// The client's address; the peer's own where its header is not read, or names fewer addresses than there are proxies.
    ///
    /// - Parameter forwarded: the values of all X-Forwarded-For lines in their order.
    /// - Throws: when what a trusted proxy wrote at that place is no address; to take the proxy's own for it would let
    ///   strangers in by the proxy's address.
    package func client(
        on connection: borrowing PeerConnection, forwarded: [ArraySlice<UInt8>]
    ) throws(PeerRefusal) -> NetworkAddress? {
        guard connection.isAddressProxy else { return connection.address }
        var place = trustedHops
        for line in forwarded.reversed() {
            var end = line.endIndex
            while true {
                let comma = line[..<end].lastIndex(of: UInt8(ascii: ","))
                place -= 1
                if place == 0 {
                    guard let address = Self.address(line[(comma.map { $0 + 1 } ?? line.startIndex)..<end]) else {
                        throw .forwardedAddress
                    }
                    return address
                }
                guard let comma else { break }
                end = comma
            }
        }
        return connection.address
    }

    /// An address as proxies write it: alone, in brackets, or with a port behind it.
    private static func address(_ entry: ArraySlice<UInt8>) -> NetworkAddress? {
        var text = entry
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        if text.first == UInt8(ascii: "[") {
            guard let close = text.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let literal = text[(text.startIndex + 1)..<close]
            guard literal.contains(UInt8(ascii: ":")), isPortOrNothing(text[(close + 1)...]) else { return nil }
            return NetworkAddress(literal)
        }
        // One colon stands before a port; an IPv6 address has two at least.
        if let colon = text.firstIndex(of: UInt8(ascii: ":")), colon == text.lastIndex(of: UInt8(ascii: ":")) {
            guard isPortOrNothing(text[colon...]) else { return nil }
            return NetworkAddress(text[..<colon])
        }
        return NetworkAddress(text)
    }

    private static func isPortOrNothing(_ text: ArraySlice<UInt8>) -> Bool {
        guard text.first == UInt8(ascii: ":") else { return text.isEmpty }
        return NetworkAddress.decimal(text.dropFirst()).map { $0 <= 65_535 } ?? false
    }
}
