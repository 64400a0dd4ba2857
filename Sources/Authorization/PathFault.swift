/// Why a request target is not to be served, whatever the policies say; the raw value is the stable name for metrics.
package enum PathFault: String, Sendable, Hashable, CaseIterable {
    /// It does not begin with `/`, and no pattern could be trusted to mean it.
    case noLeadingSlash = "no_leading_slash"
    /// It holds `#`, at which servers disagree about where a path ends.
    case fragment
    /// It holds a zero byte, plain or percent-encoded, at which some servers end a path.
    case encodedZero = "zero_byte"

    /// What is wrong, for the audit record and the operator.
    package var message: String {
        switch self {
        case .noLeadingSlash: "the path does not begin with '/'"
        case .fragment: "the path holds '#'"
        case .encodedZero: "the path holds a zero byte"
        }
    }
}
