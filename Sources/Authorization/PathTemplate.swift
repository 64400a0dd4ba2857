/// A path pattern with `{*}` (one segment) and `{**}` (any number of segments).
enum PathTemplate {
    enum Part {
        case literal([UInt8])
        case oneSegment
        case anySegments
    }

    private static let one = Array("{*}".utf8)
    private static let any = Array("{**}".utf8)
    private static let slash = UInt8(ascii: "/")

    /// The parts of a text in which `fault` finds nothing; no two literals follow each other.
    static func parts(of text: [UInt8]) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        for (place, segment) in segments(of: text).enumerated() {
            if place > 0 { literal.append(slash) }
            guard isOperator(segment) else {
                literal += segment
                continue
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            parts.append(segment.elementsEqual(one) ? .oneSegment : .anySegments)
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    /// Whether a pattern in which `fault` finds nothing is a template.
    static func isTemplate(_ text: [UInt8]) -> Bool {
        segments(of: text).contains(where: isOperator)
    }

    /// What is wrong with a path pattern, template or not; nil when nothing is.
    static func fault(_ text: [UInt8]) -> String? {
        let segments = segments(of: text)
        for segment in segments where !isOperator(segment) {
            if segment.contains(UInt8(ascii: "{")) || segment.contains(UInt8(ascii: "}")) {
                return "has a brace that is not of a segment {*} or {**}"
            }
        }
        guard isTemplate(text) else { return nil }
        guard text.first == slash else { return "must begin with '/', as it has {*} or {**}" }
        if let place = segments.firstIndex(where: { $0.elementsEqual(any) }),
            segments[(place + 1)...].contains(where: isOperator)
        {
            return "has an operator after {**}, which must be the last one"
        }
        for segment in segments.dropFirst().dropLast() where segment.isEmpty {
            return "has an empty segment beside {*} or {**}"
        }
        for segment in segments where !isOperator(segment) && !segment.allSatisfy(isSegmentByte) {
            return "has a character beside {*} or {**} that no segment may hold"
        }
        return nil
    }

    private static func segments(of text: [UInt8]) -> [ArraySlice<UInt8>] {
        text.split(separator: slash, omittingEmptySubsequences: false)
    }

    private static func isOperator(_ segment: ArraySlice<UInt8>) -> Bool {
        segment.elementsEqual(one) || segment.elementsEqual(any)
    }

    /// What a segment may hold.
    static func isSegmentByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "%"): true
        case UInt8(ascii: "!"), UInt8(ascii: "$"), UInt8(ascii: "&"), UInt8(ascii: "'"), UInt8(ascii: "("): true
        case UInt8(ascii: ")"), UInt8(ascii: "+"), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"): true
        case UInt8(ascii: "@"), UInt8(ascii: "="): true
        default: false
        }
    }
}
