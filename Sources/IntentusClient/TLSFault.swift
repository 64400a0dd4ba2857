/// Why certificates and principals cannot be used; a sentence that names the place and the remedy.
public struct TLSFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, and what to do about it.
    public let description: String

    package init(_ description: String) { self.description = description }
}
