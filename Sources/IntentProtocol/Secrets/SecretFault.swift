/// Why a secret could not be had: names the reference, the problem and the remedy, and never the value.
public struct SecretFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of trouble it is.
    public enum Kind: Sendable, Hashable {
        /// There is none of that name.
        case missing
        /// The source refused us.
        case denied
        /// The source did not answer, not in time, or with a fault of its own; it may later.
        case unavailable
        /// What the source answered is no secret that can be used.
        case unusable
        /// The source itself is not set up: no address, no region, no credentials.
        case notConfigured
    }

    /// What kind of trouble it is.
    public let kind: Kind
    /// The reference, or the name that was asked for.
    public let reference: String
    /// What is wrong, and what to do about it.
    public let problem: String

    /// Makes a fault.
    public init(_ kind: Kind, _ reference: String, _ problem: String) {
        self.kind = kind
        self.reference = reference
        self.problem = problem
    }

    /// `secret://…: what is wrong; what to do about it`.
    public var description: String { "\(reference): \(problem)" }
}
