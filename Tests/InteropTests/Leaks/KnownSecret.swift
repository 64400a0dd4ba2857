import Foundation

/// Bytes that must come out nowhere, and every form in which they might.
struct KnownSecret: Sendable {
    let name: String
    let bytes: [UInt8]

    /// Shorter ones would be found by chance.
    static let bytesMin = 12

    init(_ name: String, _ bytes: [UInt8]) {
        precondition(bytes.count >= Self.bytesMin, "\(name) is too short to be looked for")
        self.name = name
        self.bytes = bytes
    }

    init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

    /// The private key of a PEM file, by lines that hold nothing of what the certificate shows, too: of RSA those behind the modulus, of
    /// an elliptic curve those before the point.
    static func privateKey(_ name: String, pem: String) -> [KnownSecret] {
        let lines = pem.split(separator: "\n").filter { !$0.hasPrefix("-----") && $0.count == 64 }
        return (lines.count > 8 ? lines.suffix(2) : lines.prefix(1)).enumerated().flatMap { index, line in
            [KnownSecret("\(name), line \(index)", String(line))]
                + (Data(base64Encoded: String(line)).map { [KnownSecret("\(name), bytes \(index)", Array($0))] } ?? [])
        }
    }

    /// A signed token by its signature: what it says of its bearer may be told, and is.
    static func token(_ name: String, _ token: String) -> KnownSecret {
        KnownSecret("\(name), signature", String(token.split(separator: ".").last ?? ""))
    }

    /// Every form, each by its name.
    var forms: [(name: String, bytes: [UInt8])] {
        let hex = bytes.map { String(format: "%02x", $0) }
        var forms: [(String, [UInt8])] = [
            ("plain", bytes), ("hex", Array(hex.joined().utf8)), ("HEX", Array(hex.joined().uppercased().utf8)),
            ("percent", Array(hex.map { "%" + $0 }.joined().utf8)),
            ("PERCENT", Array(hex.map { "%" + $0.uppercased() }.joined().utf8)),
            ("JSON escapes", Array(hex.map { "\\u00" + $0 }.joined().utf8)),
            ("C escapes", Array(hex.map { "\\x" + $0 }.joined().utf8)),
            ("Redis' escapes", Array(bytes.map(Self.escapedByRedis).joined().utf8)),
            ("decimal list", Array(bytes.map(String.init).joined(separator: ", ").utf8)),
        ]
        for offset in 0..<3 {
            let text = Self.base64(bytes, at: offset)
            forms.append(("base64 at \(offset)", Array(text.utf8)))
            let url = text.replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            forms.append(("base64url at \(offset)", Array(url.utf8)))
        }
        return forms
    }

    /// The characters that these bytes alone decide, when they stand so many bytes behind a group's start.
    private static func base64(_ bytes: [UInt8], at offset: Int) -> String {
        let text = Data([UInt8](repeating: 0, count: offset) + bytes).base64EncodedString()
        let first = (offset * 8 + 5) / 6
        let last = (offset + bytes.count) * 8 / 6
        return String(text.dropFirst(first).prefix(last - first))
    }

    /// As MONITOR and the slow log print bytes.
    private static func escapedByRedis(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "\\"), UInt8(ascii: "\""): "\\" + String(UnicodeScalar(byte))
        case UInt8(ascii: "\n"): "\\n"
        case UInt8(ascii: "\r"): "\\r"
        case UInt8(ascii: "\t"): "\\t"
        case 7: "\\a"
        case 8: "\\b"
        case 0x20...0x7E: String(UnicodeScalar(byte))
        default: String(format: "\\x%02x", byte)
        }
    }
}
