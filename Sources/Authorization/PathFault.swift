/// Why a request target is not to be served, whatever the policies say.
package enum PathFault: String, Sendable, Hashable, CaseIterable {
    /// It does not begin with `/`, and no pattern could be trusted to mean it.
    case noLeadingSlash = "the path does not begin with '/'"
    /// It holds `#`, at which servers disagree about where a path ends.
    case fragment = "the path holds '#'"
    /// It holds a zero byte, plain or percent-encoded, at which some servers end a path.
    case encodedZero = "the path holds a zero byte"
}
