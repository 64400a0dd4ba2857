/// Why a node signature was not believed.
package enum NodeSignatureFault: Error, Sendable, Hashable, CaseIterable {
    /// Some of the three headers are there, but not each once.
    case incomplete
    /// No node of that name is configured.
    case unknownNode
    /// The time is not 1 to 15 ASCII digits without a leading zero.
    case malformedTime
    /// The time is further from ours than the window allows.
    case outsideWindow
    /// The signature is not 64 lower-case hex digits.
    case malformedSignature
    /// The signature is not the node's over this time and body.
    case badSignature
    /// The same signature was used before.
    case replayed

    /// What is wrong, as the end of a sentence.
    package var problem: String {
        switch self {
        case .incomplete: "does not have each of its three headers once"
        case .unknownNode: "names a node that is not configured"
        case .malformedTime: "has a time that is not decimal digits"
        case .outsideWindow: "was made too long ago or in the future"
        case .malformedSignature: "is not 64 lower-case hex digits"
        case .badSignature: "does not hold"
        case .replayed: "was used before"
        }
    }
}
