/// What is passed on beside `traceparent`, judged by its form alone: what does not have it is left out as a whole.
package enum TraceHeaders {
    /// At most this much of `tracestate` is passed on, in bytes and members (W3C Trace Context, section 3.3).
    package static let stateBytesMax = 512
    package static let stateMembersMax = 32
    /// At most this much of `baggage` is passed on, in bytes and members (W3C Baggage, section 3.3.2).
    package static let baggageBytesMax = 8192
    package static let baggageMembersMax = 64

    /// Whether a value of `tracestate` is one: `key=value` members between commas, each key once.
    package static func isState(_ value: ArraySlice<UInt8>) -> Bool {
        guard !value.isEmpty, value.count <= stateBytesMax else { return false }
        var keys: [ArraySlice<UInt8>] = []
        for part in value.split(separator: comma, omittingEmptySubsequences: false) {
            let member = trimmed(part)
            // Empty members are allowed, and mean nothing.
            if member.isEmpty { continue }
            guard let equals = member.firstIndex(of: equalsSign) else { return false }
            let key = member[..<equals]
            let text = member[(equals + 1)...]
            guard (1...256).contains(key.count), key.allSatisfy(isStateKeyByte), (1...256).contains(text.count),
                text.allSatisfy({ (0x20...0x7E).contains($0) && $0 != equalsSign }), !keys.contains(key),
                keys.count < stateMembersMax
            else { return false }
            keys.append(key)
        }
        return !keys.isEmpty
    }

    /// Whether a value of `baggage` is one: `key=value` members between commas, with properties behind semicolons.
    package static func isBaggage(_ value: ArraySlice<UInt8>) -> Bool {
        guard !value.isEmpty, value.count <= baggageBytesMax else { return false }
        var members = 0
        for part in value.split(separator: comma, omittingEmptySubsequences: false) {
            members += 1
            guard members <= baggageMembersMax else { return false }
            for (place, property) in part.split(separator: semicolon, omittingEmptySubsequences: false).enumerated() {
                let sides = property.split(separator: equalsSign, maxSplits: 1, omittingEmptySubsequences: false)
                let key = trimmed(sides[0])
                guard !key.isEmpty, key.allSatisfy(isTokenByte), place > 0 || sides.count == 2 else { return false }
                guard sides.count == 1 || trimmed(sides[1]).allSatisfy(isBaggageByte) else { return false }
            }
        }
        return true
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var text = text
        while let first = text.first, first == 0x20 || first == 0x09 { text.removeFirst() }
        while let last = text.last, last == 0x20 || last == 0x09 { text.removeLast() }
        return text
    }

    private static func isStateKeyByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "@"):
            true
        default: false
        }
    }

    /// `token` of RFC 9110, section 5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: tokenMarks.contains(byte)
        }
    }

    /// `baggage-octet`: printable, and no quote, comma, semicolon or backslash.
    private static func isBaggageByte(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && byte != UInt8(ascii: "\"") && byte != comma && byte != semicolon
            && byte != UInt8(ascii: "\\")
    }

    private static let tokenMarks = Array("!#$%&'*+-.^_`|~".utf8)
    private static let comma = UInt8(ascii: ",")
    private static let semicolon = UInt8(ascii: ";")
    private static let equalsSign = UInt8(ascii: "=")
}
