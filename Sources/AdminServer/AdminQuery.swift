import IntentProtocol

/// The query of a request: `limit=users&key=acme&key=eu`, each name and value percent-encoded.
struct AdminQuery {
    private static let pairsMax = 66
    private static let valueBytesMax = 512

    private var pairs: [(name: String, value: String)] = []

    /// - Parameter target: of a request, with its query.
    init(_ target: ArraySlice<UInt8>) throws(AdminRefusal) {
        guard let question = target.firstIndex(of: UInt8(ascii: "?")) else { return }
        let parts = target[(question + 1)...].split(separator: UInt8(ascii: "&"))
        guard parts.count <= Self.pairsMax else { throw .invalid("the query has more than \(Self.pairsMax) parts") }
        for part in parts {
            let sides = part.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decoded(sides[0]), let value = Self.decoded(sides.count > 1 ? sides[1] : []),
                value.utf8.count <= Self.valueBytesMax
            else { throw .invalid("the query cannot be read: write name=value, percent-encoded UTF-8") }
            pairs.append((name, value))
        }
    }

    /// One bucket of a limit.
    func bucket() throws(AdminRefusal) -> AdminRead {
        let limits = pairs.filter { $0.name == "limit" }.map(\.value)
        guard limits.count == 1, let limit = limits.first, !limit.isEmpty,
            pairs.allSatisfy({ $0.name == "limit" || $0.name == "key" })
        else {
            throw .invalid("the query must be limit=RULE, and key=VALUE for each value of the key in its order")
        }
        return .bucket(limit: limit, key: pairs.filter { $0.name == "key" }.map(\.value))
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2, digits.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16)
            else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
