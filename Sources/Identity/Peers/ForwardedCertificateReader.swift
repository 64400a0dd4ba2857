/// Reads X-Forwarded-Client-Cert: elements between commas, pairs between semicolons, values bare or in quotes.
///
/// Envoy writes URI, DNS and By names without quotes or escapes, so a certificate with a hostile DNS name could add pairs or
/// a whole element. A second URI in the last element is refused here; a whole forged element can be told from no other, so
/// who signs certificates must check their names, and where the proxy replaces the header (`SANITIZE_SET`) the reader
/// should take one element alone.
package struct ForwardedCertificateReader: Sendable, Hashable {
    /// The longest header in bytes: a chain of certificates in it takes some.
    package static let bytesMax = 16_384
    /// The most pairs of one element.
    package static let pairsMax = 128
    private static let keyBytesMax = 32

    /// The most elements: one for each hop that appended.
    package let elementsMax: Int

    /// - Parameter elementsMax: 1 to 16; values outside count as the nearest bound.
    package init(elementsMax: Int = 16) {
        self.elementsMax = min(max(elementsMax, 1), 16)
    }

    /// What a pair states, in any letter case.
    private enum Key: CaseIterable {
        case uri
        case by
        case hash
        case subject
        case dns
        case cert
        case chain

        init?(_ text: ArraySlice<UInt8>) {
            for key in Self.allCases where text.elementsEqual(key.name.utf8, by: { lowercase($0) == $1 }) {
                self = key
                return
            }
            return nil
        }

        private var name: String {
            switch self {
            case .uri: "uri"
            case .by: "by"
            case .hash: "hash"
            case .subject: "subject"
            case .dns: "dns"
            case .cert: "cert"
            case .chain: "chain"
            }
        }
    }

    /// A pair as places in the header.
    private struct Pair {
        let key: Range<Int>
        /// Without its quotes.
        let value: Range<Int>
        let isQuoted: Bool
    }

    /// Reads the whole header, which must be well-formed everywhere, and gives its last element.
    package func lastElement(_ header: ArraySlice<UInt8>) throws(ForwardedFault) -> ForwardedCertificate {
        guard header.count <= Self.bytesMax else { throw .tooLong }
        guard header.allSatisfy({ (0x20...0x7E).contains($0) }) else { throw .illegalCharacter }
        var pairs: [Pair] = []
        var elements = 1
        var place = header.startIndex
        while true {
            let pair = try Self.pair(in: header, at: &place)
            guard pairs.count < Self.pairsMax else { throw .tooManyPairs }
            pairs.append(pair)
            guard place < header.endIndex else { break }
            if header[place] == UInt8(ascii: ",") {
                elements += 1
                guard elements <= elementsMax else { throw .tooManyElements }
                pairs.removeAll(keepingCapacity: true)
            }
            place += 1
        }
        return try Self.element(pairs, header)
    }

    /// Reads a pair and stops at the separator behind it.
    private static func pair(in header: ArraySlice<UInt8>, at place: inout Int) throws(ForwardedFault) -> Pair {
        let start = place
        while place < header.endIndex, isLetter(header[place]) { place += 1 }
        let key = start..<place
        guard place < header.endIndex, header[place] == UInt8(ascii: "="), (1...keyBytesMax).contains(key.count) else {
            let isEmpty = key.isEmpty && (place == header.endIndex || isSeparator(header[place]))
            throw isEmpty ? .empty : .malformedPair
        }
        place += 1
        guard place < header.endIndex, header[place] == UInt8(ascii: "\"") else {
            let first = place
            while place < header.endIndex, !isSeparator(header[place]) {
                // Another reader might take it for the begin of a quoted part, and see other pairs than we do.
                guard header[place] != UInt8(ascii: "\"") else { throw .misplacedQuote }
                place += 1
            }
            return Pair(key: key, value: first..<place, isQuoted: false)
        }
        place += 1
        let first = place
        while place < header.endIndex, header[place] != UInt8(ascii: "\"") {
            // A backslash takes the next character with it, whatever that is.
            place += header[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard place < header.endIndex else { throw .unterminatedQuote }
        let value = first..<place
        place += 1
        guard place == header.endIndex || isSeparator(header[place]) else { throw .misplacedQuote }
        return Pair(key: key, value: value, isQuoted: true)
    }

    private static func element(_ pairs: [Pair], _ header: ArraySlice<UInt8>) throws(ForwardedFault)
        -> ForwardedCertificate
    {
        var element = ForwardedCertificate()
        for pair in pairs {
            switch Key(header[pair.key]) {
            case .uri: element.uris.append(text(pair, header))
            case .by: element.by.append(text(pair, header))
            case .dns: element.dnsNames.append(text(pair, header))
            case .hash:
                guard element.hash == nil else { throw .repeatedKey }
                element.hash = text(pair, header)
            case .subject:
                guard element.subject == nil else { throw .repeatedKey }
                element.subject = text(pair, header)
            case .cert:
                guard !element.hasCertificate else { throw .repeatedKey }
                element.hasCertificate = true
            case .chain:
                guard !element.hasChain else { throw .repeatedKey }
                element.hasChain = true
            // A key of a later Envoy says nothing about who the peer is.
            case nil: break
            }
        }
        return element
    }

    /// The value with `\"` as a quote; other escapes belong to what is quoted, a name in RFC 2253's form.
    private static func text(_ pair: Pair, _ header: ArraySlice<UInt8>) -> [UInt8] {
        guard pair.isQuoted else { return Array(header[pair.value]) }
        var text: [UInt8] = []
        var place = pair.value.lowerBound
        while place < pair.value.upperBound {
            let byte = header[place]
            guard byte == UInt8(ascii: "\\"), place + 1 < pair.value.upperBound else {
                text.append(byte)
                place += 1
                continue
            }
            let next = header[place + 1]
            if next != UInt8(ascii: "\"") { text.append(byte) }
            text.append(next)
            place += 2
        }
        return text
    }

    private static func isSeparator(_ byte: UInt8) -> Bool { byte == UInt8(ascii: ",") || byte == UInt8(ascii: ";") }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(lowercase(byte))
    }

    private static func lowercase(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
