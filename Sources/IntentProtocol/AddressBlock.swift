/// A single address, or all addresses with the same first bits.
package struct AddressBlock: Sendable, Hashable, BitwiseCopyable {
    /// Whether the block is of IPv6 addresses; an IPv4 address inside IPv6 is an IPv4 address.
    package let isIPv6: Bool
    /// The first bits, the others are zero.
    package let bits: UInt128
    /// Ones where addresses must agree.
    package let mask: UInt128

    /// Reads `10.1.2.3`, `10.1.2.0/24` or the same for IPv6; bits beyond the prefix are dropped, as Envoy drops them.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let cut = bytes.firstIndex(of: UInt8(ascii: "/"))
        let literal = bytes[..<(cut ?? bytes.endIndex)]
        guard let address = NetworkAddress(literal) else { return nil }
        let isWrittenAsIPv6 = literal.contains(UInt8(ascii: ":"))
        let width = address.isIPv6 ? 128 : 32
        var length = width
        if let cut {
            let digits = bytes[(cut + 1)...]
            guard let stated = NetworkAddress.decimal(digits), digits.count == 1 || digits.first != UInt8(ascii: "0")
            else { return nil }
            // ::ffff:10.0.0.0/104 is the block 10.0.0.0/8.
            length = isWrittenAsIPv6 && !address.isIPv6 ? stated - 96 : stated
            guard (0...width).contains(length) else { return nil }
        }
        isIPv6 = address.isIPv6
        let ones = width == 128 ? UInt128.max : 0xffff_ffff
        mask = length == 0 ? 0 : (ones << UInt128(width - length)) & ones
        bits = address.bits & mask
    }

    /// Whether the address is of the block.
    @inlinable
    package func contains(_ address: NetworkAddress) -> Bool {
        address.isIPv6 == isIPv6 && address.bits & mask == bits
    }

    /// Whether it is every address of its family.
    package var isEverything: Bool { mask == 0 }
}
