/// What a policy says of a request and one agent; refers to rules and limits by their places, so that it costs no memory.
package struct PolicyDecision: Sendable {
    package var isAllowed: Bool
    /// The place of the deciding rule in ``CompiledPolicy/rules``; nil for the default.
    package var rule: Int?
    /// Places in ``CompiledPolicy/limits``, the deciding rule's first.
    package var limits = PlaceList()
    /// The shortest of the rules that apply; nil without any.
    package var maxTimeoutMilliseconds: Int?
    /// Rules in shadow mode that would have decided otherwise.
    package var shadowRules = PlaceList()
    /// Whether the decision is a denial because a rule could not be evaluated within its limits.
    package var isFault = false
}

/// A short list of places; up to two need no memory of their own.
package struct PlaceList: Sendable, Hashable, RandomAccessCollection {
    private var first = 0
    private var second = 0
    private var others: [Int] = []
    package private(set) var count = 0

    package init() {}

    package var startIndex: Int { 0 }
    package var endIndex: Int { count }

    package subscript(position: Int) -> Int {
        switch position {
        case 0: first
        case 1: second
        default: others[position - 2]
        }
    }

    mutating func append(_ place: Int) {
        switch count {
        case 0: first = place
        case 1: second = place
        default: others.append(place)
        }
        count += 1
    }
}
