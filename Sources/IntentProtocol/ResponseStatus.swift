/// How an agent says it went.
public enum ResponseStatus: String, Sendable, CaseIterable, Hashable {
    /// The agent did what was asked.
    case success
    /// It did not.
    case error
}
