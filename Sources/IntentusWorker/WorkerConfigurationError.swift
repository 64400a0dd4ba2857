/// A worker that cannot start as it is configured.
public struct WorkerConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Everything that is wrong, each with its place and its remedy.
    public let findings: [String]

    /// The findings, one a line.
    public var description: String { findings.joined(separator: "\n") }
}
