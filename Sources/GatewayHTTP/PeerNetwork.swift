import NIOCore

/// Whose connections are counted together: an IPv4 address, or the 64 leading bits of an IPv6 address, since whoever has one such
/// address has all of its network.
struct PeerNetwork: Hashable, Sendable {
    private let bits: UInt64
    private let isIPv6: Bool

    /// - Parameter address: nil and a Unix socket's address belong to no network.
    init?(_ address: SocketAddress?) {
        guard let address else { return nil }
        let bytes = address.packedAddress
        switch bytes.count {
        case 4: self.init(bytes[...], isIPv6: false)
        // A caller over IPv4 is the same whatever the listener's family is.
        case 16 where bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF:
            self.init(bytes[12...], isIPv6: false)
        case 16: self.init(bytes[..<8], isIPv6: true)
        default: return nil
        }
    }

    private init(_ bytes: ArraySlice<UInt8>, isIPv6: Bool) {
        bits = bytes.reduce(0) { $0 << 8 | UInt64($1) }
        self.isIPv6 = isIPv6
    }
}
