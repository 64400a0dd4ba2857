/// A place in a document's text.
package struct SourceLocation: Sendable, Hashable {
    /// The name the text was read under, as the user knows it.
    package let file: String
    /// Counted from 1.
    package let line: Int
    /// Counted from 1, in Unicode scalars.
    package let column: Int

    /// Makes a place.
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

extension SourceLocation: CustomStringConvertible {
    /// `gateway.yaml:12:5`.
    package var description: String { "\(file):\(line):\(column)" }
}
