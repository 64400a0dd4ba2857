/// Which addresses a worker may be reached at.
///
/// Somebody who may register could otherwise point the gateway at a cloud's metadata service and read its answers. A
/// host name is only as good as what it resolves to: who connects has to ask again with the resolved address.
package struct InstanceAddressRules: Sendable, Hashable {
    /// Lets link-local addresses (169.254.0.0/16, fe80::/10) and metadata services pass.
    package var allowsLinkLocal: Bool

    /// Makes the rules.
    package init(allowsLinkLocal: Bool = false) {
        self.allowsLinkLocal = allowsLinkLocal
    }

    /// Why the address is refused; nil when it is not.
    ///
    /// - Parameters:
    ///   - host: lower case.
    ///   - packedAddress: 4 or 16 bytes in network order, empty for a name.
    package func refusal(host: String, packedAddress: [UInt8]) -> String? {
        if !packedAddress.isEmpty { return refusal(packedAddress: packedAddress) }
        guard !allowsLinkLocal, Self.metadataNames.contains(host) else { return nil }
        return "names a metadata service"
    }

    /// Why a literal or resolved address is refused; nil when it is not.
    package func refusal(packedAddress bytes: [UInt8]) -> String? {
        if bytes.count == 16, let embedded = Self.embeddedIPv4(bytes) { return refusal(packedAddress: embedded) }
        if bytes.allSatisfy({ $0 == 0 }) || bytes == [255, 255, 255, 255] { return "names no single host" }
        let isMulticast = bytes.count == 4 ? bytes[0] & 0xf0 == 0xe0 : bytes[0] == 0xff
        if isMulticast { return "names no single host" }
        if bytes.count == 4, bytes[0] == 0 { return "names no single host" }
        guard !allowsLinkLocal else { return nil }
        let isLinkLocal =
            bytes.count == 4 ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
        if isLinkLocal { return "names a link-local address" }
        return Self.metadataAddresses.contains(bytes) ? "names a metadata service" : nil
    }

    /// The IPv4 address inside ::ffff:0:0/96 (mapped), 64:ff9b::/96 (NAT64) and ::/96 (compatible, except :: and ::1).
    private static func embeddedIPv4(_ bytes: [UInt8]) -> [UInt8]? {
        let tail = Array(bytes[12...])
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
        let translated: [UInt8] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
        let head = Array(bytes[..<12])
        if head == mapped || head == translated { return tail }
        guard head.allSatisfy({ $0 == 0 }), tail != [0, 0, 0, 0], tail != [0, 0, 0, 1] else { return nil }
        return tail
    }

    private static let metadataNames: Set<String> = ["metadata.google.internal", "metadata", "instance-data"]
    /// fd00:ec2::254 (AWS), 100.100.100.200 (Alibaba Cloud), 168.63.129.16 (Azure).
    private static let metadataAddresses: Set<[UInt8]> = [
        [0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54], [100, 100, 100, 200], [168, 63, 129, 16],
    ]
}
