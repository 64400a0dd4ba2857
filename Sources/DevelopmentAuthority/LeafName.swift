import Glibc
package import IntentProtocol

/// Whom a leaf certificate is for: a service account, and the hosts that it may also be called by.
package struct LeafName: Sendable, Hashable {
    /// The most hosts of one certificate.
    package static let hostsMax = 32
    private static let hostBytesMax = 253

    package let namespace: String
    package let serviceAccount: String
    package let dnsNames: [String]
    /// Each of 4 or 16 bytes.
    package let addresses: [[UInt8]]

    /// Reads `NAMESPACE/SERVICE-ACCOUNT`, or the same with `=HOST,HOST…` behind it; hosts are DNS names and IP addresses.
    package init(_ text: String) throws(AuthorityFault) {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let names = halves[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard names.count == 2, let domain = TrustDomain("any".utf8[...]), !names[0].hasPrefix("."),
            !names[1].hasPrefix("."),
            SPIFFEID(trustDomain: domain, namespace: names[0], serviceAccount: names[1]) != nil
        else {
            throw AuthorityFault(
                "identity '\(text.prefix(80))' must be NAMESPACE/SERVICE-ACCOUNT of A-Z a-z 0-9 . - _, such as "
                    + "default/api-gateway, with =HOST,HOST… behind it for a server that is called by host")
        }
        var dnsNames: [String] = []
        var addresses: [[UInt8]] = []
        let hosts = halves.count == 2 ? halves[1].split(separator: ",", omittingEmptySubsequences: false) : []
        guard hosts.count <= Self.hostsMax else {
            throw AuthorityFault("identity '\(halves[0])' has \(hosts.count) hosts; \(Self.hostsMax) are the most")
        }
        for host in hosts {
            if let address = Self.address(String(host)) {
                addresses.append(address)
            } else if Self.isDNSName(host) {
                dnsNames.append(String(host))
            } else {
                throw AuthorityFault(
                    "host '\(host.prefix(80))' of identity '\(halves[0])' is neither a DNS name nor an IP address")
            }
        }
        namespace = names[0]
        serviceAccount = names[1]
        self.dnsNames = dnsNames
        self.addresses = addresses
    }

    /// The service's SPIFFE ID.
    package func id(in domain: TrustDomain) throws(AuthorityFault) -> SPIFFEID {
        guard let id = SPIFFEID(trustDomain: domain, namespace: namespace, serviceAccount: serviceAccount) else {
            throw AuthorityFault("identity '\(namespace)/\(serviceAccount)' is too long for a SPIFFE ID; shorten it")
        }
        return id
    }

    private static func address(_ text: String) -> [UInt8]? {
        for (family, size) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: size)
            if inet_pton(family, text, &bytes) == 1 { return bytes }
        }
        return nil
    }

    private static func isDNSName(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        // An address that is none must not pass for a name.
        guard text.utf8.count <= hostBytesMax, labels.last?.utf8.allSatisfy(isDigit) == false else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.utf8.allSatisfy { isDigit($0) || $0 == UInt8(ascii: "-") || isLetter($0) }
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
