/// The key of a caller who is known by its address alone: its /24 (IPv4) or /48 (IPv6) network.
///
/// Whole networks share a bucket, because one person commands 2⁶⁴ addresses and more (pitfall S22). The address must be
/// the TCP peer's own: headers that name another address are the caller's word (pitfall S20).
package struct AddressPrefix: Sendable, Hashable {
    /// The key as text, such as `203.0.113.0/24` or `20010db80042::/48`.
    package let text: String

    /// Makes the prefix of an address in network byte order; nil unless there are 4 or 16 bytes.
    package init?(packedAddress bytes: some Collection<UInt8>) {
        let bytes = Array(bytes)
        switch bytes.count {
        case 4: text = Self.ipv4(bytes)
        case 16:
            // ::ffff:a.b.c.d is the IPv4 caller behind a dual-stack socket, not another one.
            let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
            text = isMapped ? Self.ipv4(Array(bytes[12...])) : Self.ipv6(bytes)
        default: return nil
        }
    }

    private static func ipv4(_ bytes: [UInt8]) -> String {
        "\(bytes[0]).\(bytes[1]).\(bytes[2]).0/24"
    }

    private static func ipv6(_ bytes: [UInt8]) -> String {
        let digits: [Character] = Array("0123456789abcdef")
        var text = ""
        for byte in bytes[..<6] {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text + "::/48"
    }
}
