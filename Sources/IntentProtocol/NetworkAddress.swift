/// An IPv4 or IPv6 address.
///
/// An IPv4 address inside IPv6 (`::ffff:a.b.c.d`) is the IPv4 address: it is the same peer behind a dual-stack socket, and
/// a block that is to keep it out must not depend on how the listener was opened.
package struct NetworkAddress: Sendable, Hashable {
    package let isIPv6: Bool
    /// The bits, right-aligned.
    package let bits: UInt128

    /// Reads an address literal, strictly: no octal, no shortened IPv4, no zone; nil for anything else.
    package init?(_ text: some Collection<UInt8>) {
        let text = Array(text)
        guard text.count <= 45 else { return nil }
        if let bits = Self.ipv4(text[...]) {
            self.init(isIPv6: false, bits: UInt128(bits))
        } else if let bits = Self.ipv6(text[...]) {
            self.init(isIPv6: true, bits: bits)
        } else {
            return nil
        }
    }

    /// Reads an address literal.
    package init?(_ text: String) {
        self.init(text.utf8)
    }

    /// Takes an address in network byte order; nil unless there are 4 or 16 bytes.
    package init?(packed bytes: some Collection<UInt8>) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        self.init(isIPv6: bytes.count == 16, bits: bytes.reduce(UInt128(0)) { $0 << 8 | UInt128($1) })
    }

    private init(isIPv6: Bool, bits: UInt128) {
        let isMapped = isIPv6 && bits >> 32 == 0xffff
        self.isIPv6 = isIPv6 && !isMapped
        self.bits = isMapped ? bits & 0xffff_ffff : bits
    }

    private static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                let value = decimal(part), value <= 255
            else { return nil }
            bits = bits << 8 | UInt32(value)
        }
        return bits
    }

    private static func ipv6(_ text: ArraySlice<UInt8>) -> UInt128? {
        let colon = UInt8(ascii: ":")
        guard text.contains(colon) else { return nil }
        var gap: Int?
        for index in text.indices.dropLast() where text[index] == colon && text[index + 1] == colon {
            guard gap == nil else { return nil }
            gap = index
        }
        guard let gap else {
            guard let groups = groups(text, mayEndInIPv4: true), groups.count == 8 else { return nil }
            return joined(groups)
        }
        guard let head = groups(text[..<gap], mayEndInIPv4: false),
            let tail = groups(text[(gap + 2)...], mayEndInIPv4: true), head.count + tail.count <= 7
        else { return nil }
        return joined(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func groups(_ text: ArraySlice<UInt8>, mayEndInIPv4: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (place, part) in parts.enumerated() {
            if mayEndInIPv4, place == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let tail = ipv4(part) else { return nil }
                groups += [UInt16(tail >> 16), UInt16(tail & 0xffff)]
            } else {
                guard (1...4).contains(part.count), part.first != UInt8(ascii: "+"), part.first != UInt8(ascii: "-"),
                    let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func joined(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(UInt128(0)) { $0 << 16 | UInt128($1) }
    }

    /// A number of digits alone; nil for anything else.
    package static func decimal(_ text: ArraySlice<UInt8>) -> Int? {
        guard (1...5).contains(text.count) else { return nil }
        var value = 0
        for byte in text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }
}

extension NetworkAddress: CustomStringConvertible {
    /// `10.1.2.3`, or the eight groups of an IPv6 address.
    package var description: String {
        guard isIPv6 else {
            return [24, 16, 8, 0].map { String(bits >> UInt128($0) & 0xff) }.joined(separator: ".")
        }
        return (0..<8).map { String(bits >> UInt128(112 - 16 * $0) & 0xffff, radix: 16) }.joined(separator: ":")
    }
}
