/// Text that must not be seen: whatever prints it, prints `<redacted>`.
///
/// It is no `Encodable`, so that it cannot get into an answer, a record or a log by being a member of something that is.
public struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Takes the text in.
    public init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the one place that sends it or computes with it.
    public func reveal() -> String { text }

    /// Always the same word.
    public var description: String { "<redacted>" }
    /// Always the same word.
    public var debugDescription: String { "<redacted>" }
    /// `dump` shows the children of a value: there are none.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
