// The parts of a rule table: plain numbers side by side, so that walking over them touches no reference count.

/// How one value is compared.
enum PatternKind: UInt8 {
    case exact
    case prefix
    case suffix
    /// At least one byte.
    case nonEmpty
    /// Whatever it is, even empty.
    case present
    /// Stars stand for any bytes.
    case glob
    /// `start` and `count` say where the parts of the template stand.
    case template
    /// A part of a template: one segment.
    case oneSegment
    /// A part of a template: any number of segments.
    case anySegments
    /// `start` is the place of an address block.
    case block
    /// `start` is the number itself.
    case number
    /// Matches nothing: a value that no request can have.
    case never
}

struct Pattern {
    let kind: PatternKind
    /// Where the text stands in the table's bytes, unless the kind says otherwise.
    let start: Int32
    let count: Int32

    /// Where the text stands in the table's bytes.
    var range: Range<Int> { Int(start)..<Int(start) + Int(count) }
}

/// `RuleAttribute` without its names.
enum TermAttribute: UInt8 {
    case principal
    case namespace
    /// Two patterns a value: namespace and account.
    case serviceAccount
    case trustDomain
    /// Two patterns a value: issuer and subject.
    case requestPrincipal
    case sourceAddress
    case remoteAddress
    case destinationAddress
    case host
    case port
    case method
    case path
    case header
    case claim
    case serverName
}

struct Term {
    let attribute: TermAttribute
    let isNegated: Bool
    /// The place of the header's name or the claim's path.
    let name: Int32
    let patternsStart: Int32
    let patternsEnd: Int32

    var places: Range<Int> { Int(patternsStart)..<Int(patternsEnd) }
}

/// A range of terms, all of which must hold.
struct TermRange {
    let start: Int32
    let end: Int32
}

struct RuleRow {
    /// The place of its policy.
    let policy: Int32
    /// Its place in its policy.
    let rule: Int32
    /// Ranges of alternatives, one of which must hold unless there are none.
    let sourcesStart: Int32
    let sourcesEnd: Int32
    let operationsStart: Int32
    let operationsEnd: Int32
    let conditions: TermRange
}
