/// Where an instance is called: an http or https address, taken apart once and checked strictly.
///
/// Registration lets others name an address that this gateway will connect to, so what could mean two things to two
/// parsers is refused and not repaired (pitfalls S14, S30): user info, query, fragment, percent signs, backslashes, dot
/// segments, numeric hosts that are not four decimal numbers.
package struct InstanceURL: Sendable, Hashable {
    /// Longest text accepted.
    package static let bytesMax = 512

    /// Lower-case name or address literal; an IPv6 literal stands without brackets.
    package let host: String
    /// When the text names none, 80 or, by https, 443.
    package let port: Int
    /// Whether the scheme is https.
    package let isTLS: Bool
    /// The service that must answer there, `cluster.local/ns/default/sa/worker`; nil asks for a certificate of the host.
    package var principal: String?
    /// Begins with `/`.
    package let path: String
    /// The value of the Host header.
    package let hostHeader: String
    /// The literal's bytes in network order, 4 or 16; empty for a name.
    package let packedAddress: [UInt8]

    /// Parses `http://host[:port][/path]`, or the same with https.
    ///
    /// - Parameter rules: which addresses may be named at all.
    /// - Throws: the reason, in words fit for the caller.
    package init(parsing text: String, rules: InstanceAddressRules = InstanceAddressRules()) throws(InstanceURLError) {
        guard text.utf8.count <= Self.bytesMax else { throw InstanceURLError("is longer than \(Self.bytesMax) bytes") }
        let bytes = Array(text.utf8)
        guard let scheme = Self.schemes.first(where: { Self.begins(bytes, with: $0.text) }) else {
            throw InstanceURLError("must begin with http:// or https://")
        }
        isTLS = scheme.isTLS
        let rest = bytes[scheme.text.utf8.count...]
        let slash = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
        (host, port, packedAddress) = try Self.authority(rest[..<slash], defaultPort: scheme.port)
        path = try Self.path(rest[slash...])
        let name = packedAddress.count == 16 ? "[\(host)]" : host
        hostHeader = port == scheme.port ? name : "\(name):\(port)"
        if let reason = rules.refusal(host: host, packedAddress: packedAddress) { throw InstanceURLError(reason) }
    }

    /// The address as text.
    package var text: String { "\(isTLS ? "https" : "http")://\(hostHeader)\(path)" }

    private static let schemes = [
        (text: "http://", isTLS: false, port: 80), (text: "https://", isTLS: true, port: 443),
    ]

    private static func begins(_ bytes: [UInt8], with scheme: String) -> Bool {
        bytes.count > scheme.utf8.count && zip(bytes, scheme.utf8).allSatisfy { lowered($0) == $1 }
    }

    private static func authority(
        _ bytes: ArraySlice<UInt8>, defaultPort: Int
    ) throws(InstanceURLError) -> (host: String, port: Int, packedAddress: [UInt8]) {
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { throw InstanceURLError("has no closing ]") }
            let literal = bytes[(bytes.startIndex + 1)..<end]
            guard let packed = AddressLiteral.ipv6(literal) else {
                throw InstanceURLError("has an IPv6 address that cannot be read")
            }
            let host = String(decoding: literal.map(lowered), as: UTF8.self)
            return (host, try port(bytes[(end + 1)...], defaultPort), packed)
        }
        let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
        let name = bytes[..<colon].map(lowered)
        let port = try port(bytes[colon...], defaultPort)
        let host = String(decoding: name, as: UTF8.self)
        if let packed = AddressLiteral.ipv4(name[...]) { return (host, port, packed) }
        guard isHostName(name) else { throw InstanceURLError("has a host that is neither a name nor an address") }
        return (host, port, [])
    }

    private static func port(_ bytes: ArraySlice<UInt8>, _ defaultPort: Int) throws(InstanceURLError) -> Int {
        guard let first = bytes.first else { return defaultPort }
        let digits = bytes.dropFirst()
        guard first == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.first != UInt8(ascii: "0") else {
            throw InstanceURLError("has a port that is not 1 to 65535")
        }
        var port = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else {
                throw InstanceURLError("has a port that is not 1 to 65535")
            }
            port = port * 10 + Int(digit - UInt8(ascii: "0"))
        }
        guard port <= 65535 else { throw InstanceURLError("has a port that is not 1 to 65535") }
        return port
    }

    private static func path(_ bytes: ArraySlice<UInt8>) throws(InstanceURLError) -> String {
        guard !bytes.isEmpty else { return "/" }
        guard bytes.allSatisfy(isPathByte) else {
            throw InstanceURLError("has a path with characters other than letters, digits and -._~!$&'()*+,=:@/")
        }
        let segments = bytes.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (place, segment) in segments.enumerated() {
            let isLast = place == segments.count - 1
            let isDots = !segment.isEmpty && segment.count <= 2 && segment.allSatisfy { $0 == UInt8(ascii: ".") }
            guard !isDots, isLast || !segment.isEmpty else {
                throw InstanceURLError("has a path with empty or dot segments")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A DNS name; underscores are let pass, as container networks use them.
    private static func isHostName(_ bytes: [UInt8]) -> Bool {
        guard (1...253).contains(bytes.count) else { return false }
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let hyphen = UInt8(ascii: "-")
        for label in labels {
            guard (1...63).contains(label.count), label.first != hyphen, label.last != hyphen,
                label.allSatisfy({ isLetterOrDigit($0) || $0 == hyphen || $0 == UInt8(ascii: "_") })
            else { return false }
        }
        // "2130706433", "127.1" and "0x7f.1" are addresses to the C library and names to a check like this one.
        return labels.last.map { label in label.first.map { !isDigit($0) } ?? false } ?? false
    }

    private static func isPathByte(_ byte: UInt8) -> Bool {
        isLetterOrDigit(byte) || pathPunctuation.contains(byte)
    }

    private static let pathPunctuation = Set("-._~!$&'()*+,=:@/".utf8)

    private static func isDigit(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowered(byte))
    }

    private static func lowered(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// Why a text is not an instance's address; reads on after "url".
package struct InstanceURLError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The reason.
    package let description: String

    init(_ reason: String) { description = reason }
}
