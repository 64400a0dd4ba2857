import Foundation

/// An IPv4 or IPv6 address, to see where a name leads before anything is sent there.
struct NetworkAddress: Sendable, Hashable {
    /// 4 bytes, or 16.
    let bytes: [UInt8]

    /// Reads an address in any spelling that a resolver takes: dotted, shortened, decimal, octal, hexadecimal, IPv6.
    init?(_ text: String) {
        // The dot that ends a full name also ends a number for some resolvers.
        let text = text.hasSuffix(".") ? String(text.dropLast()) : text
        var four = in_addr()
        var sixteen = in6_addr()
        if inet_aton(text, &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &sixteen) == 1 {
            bytes = withUnsafeBytes(of: &sixteen) { Array($0) }
        } else {
            return nil
        }
    }

    /// Takes the address out of what a resolver answered; nil for other families.
    init?(_ socketAddress: UnsafePointer<sockaddr>) {
        switch Int32(socketAddress.pointee.sa_family) {
        case AF_INET:
            bytes = UnsafeRawPointer(socketAddress).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin_addr) { Array($0) }
            }
        case AF_INET6:
            bytes = UnsafeRawPointer(socketAddress).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                withUnsafeBytes(of: address.pointee.sin6_addr) { Array($0) }
            }
        default: return nil
        }
    }

    /// The IPv4 address that an IPv6 address carries: mapped, compatible or translated.
    private var embedded: NetworkAddress? {
        guard bytes.count == 16 else { return nil }
        let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
        let isCompatible = bytes[..<12].allSatisfy { $0 == 0 } && bytes[12...].contains { $0 != 0 } && !isPlainLoopback
        let isTranslated = bytes[..<12].elementsEqual([0x00, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0])
        guard isMapped || isCompatible || isTranslated else { return nil }
        return NetworkAddress(four: Array(bytes[12...]))
    }

    private init(four: [UInt8]) {
        bytes = four
    }

    private var isPlainLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
    }

    /// Whether the address is this machine itself.
    var isLoopback: Bool { embedded?.isLoopback ?? isPlainLoopback }

    /// Whether the address is link-local (where clouds keep their metadata), unspecified, multicast or broadcast.
    var isForbidden: Bool {
        if let embedded { return embedded.isForbidden }
        if bytes.count == 4 {
            return bytes[0] == 0 || bytes[0] >= 224 || (bytes[0] == 169 && bytes[1] == 254)
                || bytes == [100, 100, 100, 200]  // the metadata of Alibaba Cloud
        }
        let isLinkLocal = bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
        // fd00:ec2::254, the metadata of AWS over IPv6.
        let isCloudMetadata = bytes.elementsEqual([0xFD, 0x00, 0x0E, 0xC2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54])
        return isLinkLocal || isCloudMetadata || bytes[0] == 0xFF || bytes.allSatisfy { $0 == 0 }
    }

    /// The address in its usual spelling.
    var text: String {
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "" }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
