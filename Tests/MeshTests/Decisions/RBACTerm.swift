/// One side of an Envoy RBAC policy; each has its own words for the same three combinations.
enum RBACSide: Sendable {
    /// What is asked for.
    case permission
    /// Who asks.
    case principal

    private var words: (list: String, member: String) {
        switch self {
        case .permission: ("rules", "rule")
        case .principal: ("ids", "id")
        }
    }

    func all(_ terms: [EnvoyValue]) -> EnvoyValue {
        terms.isEmpty ? ["any": true] : .object(["and_\(words.list)": .object([words.list: .list(terms)])])
    }

    func any(_ terms: [EnvoyValue]) -> EnvoyValue {
        .object(["or_\(words.list)": .object([words.list: .list(terms)])])
    }

    func not(_ term: EnvoyValue) -> EnvoyValue { .object(["not_\(words.member)": term]) }
}

/// Values of one attribute, of which a request must have one and may have none of the others.
struct RBACTerm {
    let side: RBACSide
    let values: [String]
    let notValues: [String]
    /// The matcher of one value.
    let matcher: (String) -> EnvoyValue

    /// What Envoy is told; nothing where there are no values.
    var matchers: [EnvoyValue] {
        (values.isEmpty ? [] : [side.any(values.map(matcher))])
            + (notValues.isEmpty ? [] : [side.not(side.any(notValues.map(matcher)))])
    }
}
