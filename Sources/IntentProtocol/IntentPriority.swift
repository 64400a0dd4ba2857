/// How urgent the caller says an intent is.
public enum IntentPriority: String, Sendable, CaseIterable, Hashable {
    /// May wait.
    case low
    /// The default.
    case normal
    /// Should go first.
    case high

    /// The priority of that name in any letter case; nil when there is none.
    public init?(anyCase name: String) {
        self.init(rawValue: name.lowercased())
    }
}
