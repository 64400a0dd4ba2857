/// Text that must not be seen: whatever prints it, prints `<redacted>`.
package struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    private let text: String

    /// Takes the text in.
    package init(_ text: String) {
        self.text = text
    }

    /// The text itself, for the one place that sends it or computes with it.
    package func reveal() -> String { text }

    package var description: String { "<redacted>" }
    package var debugDescription: String { "<redacted>" }
    /// `dump` shows the children of a value: there are none.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
