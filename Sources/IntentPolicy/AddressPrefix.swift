import IntentProtocol

/// The part of a caller's address that a bucket's key names.
///
/// One person commands 2⁶⁴ addresses of IPv6 and more, so no key names a whole one (pitfall S22). The address must be the TCP peer's, or
/// one that a configured proxy names: other headers are the caller's word (pitfall S20).
enum AddressPrefix {
    /// One subscriber: an address of IPv4, a /64 of IPv6.
    case subscriber
    /// Those around it: a /24 of IPv4, a /48 of IPv6.
    case network

    /// The key as text, such as `203.0.113.7`, `203.0.113.0/24`, `20010db800420001::/64` or `20010db80042::/48`.
    func text(of address: NetworkAddress) -> String {
        switch (self, address.isIPv6) {
        case (.subscriber, false): Self.ipv4(UInt32(truncatingIfNeeded: address.bits))
        case (.network, false): Self.ipv4(UInt32(truncatingIfNeeded: address.bits) & 0xffff_ff00) + "/24"
        case (.subscriber, true): Self.hex(address.bits >> 64, digits: 16) + "::/64"
        case (.network, true): Self.hex(address.bits >> 80, digits: 12) + "::/48"
        }
    }

    private static func ipv4(_ bits: UInt32) -> String {
        "\(bits >> 24).\(bits >> 16 & 255).\(bits >> 8 & 255).\(bits & 255)"
    }

    private static func hex(_ bits: UInt128, digits: Int) -> String {
        let text = String(bits, radix: 16)
        return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
}
