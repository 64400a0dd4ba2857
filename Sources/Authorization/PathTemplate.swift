/// A path pattern with `{*}` (one segment) and `{**}` (any number of segments).
enum PathTemplate {
    enum Part {
        case literal([UInt8])
        case oneSegment
        case anySegments
    }

    /// The parts of a text in which `fault` finds nothing; no two literals follow each other.
    static func parts(of text: String) -> [Part] {
        var parts: [Part] = []
        var literal: [UInt8] = []
        for (place, segment) in text.split(separator: "/", omittingEmptySubsequences: false).enumerated() {
            if place > 0 { literal.append(UInt8(ascii: "/")) }
            guard segment == "{*}" || segment == "{**}" else {
                literal += segment.utf8
                continue
            }
            if !literal.isEmpty { parts.append(.literal(literal)) }
            literal = []
            parts.append(segment == "{*}" ? .oneSegment : .anySegments)
        }
        if !literal.isEmpty { parts.append(.literal(literal)) }
        return parts
    }

    static func isTemplate(_ text: String) -> Bool {
        text.contains("{*}") || text.contains("{**}")
    }

    /// What is wrong with a path pattern, template or not; nil when nothing is.
    static func fault(_ text: String) -> String? {
        let segments = text.split(separator: "/", omittingEmptySubsequences: false)
        for segment in segments where segment != "{*}" && segment != "{**}" {
            if segment.contains("{") || segment.contains("}") {
                return "has a brace that is not of a segment {*} or {**}"
            }
        }
        guard isTemplate(text) else { return nil }
        guard text.hasPrefix("/") else { return "must begin with '/', as it has {*} or {**}" }
        if let any = segments.firstIndex(of: "{**}"), segments[(any + 1)...].contains(where: { $0.hasPrefix("{") }) {
            return "has an operator after {**}, which must be the last one"
        }
        for segment in segments.dropFirst().dropLast() where segment.isEmpty {
            return "has an empty segment beside {*} or {**}"
        }
        for segment in segments where !segment.hasPrefix("{") && !segment.utf8.allSatisfy(isSegmentByte) {
            return "has a character beside {*} or {**} that no segment may hold"
        }
        return nil
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
