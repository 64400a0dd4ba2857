/// A document that cannot be read as a tree.
package struct DiagnosticError: Error, Sendable, Hashable {
    /// What is wrong; never empty.
    package let diagnostics: [Diagnostic]

    /// Makes an error of several diagnostics.
    package init(_ diagnostics: [Diagnostic]) {
        self.diagnostics = diagnostics
    }

    /// Makes an error of one message.
    package init(_ message: String, at location: SourceLocation?) {
        diagnostics = [Diagnostic(.error, message, at: location)]
    }
}

extension DiagnosticError: CustomStringConvertible {
    /// One diagnostic a line.
    package var description: String {
        diagnostics.map(\.description).joined(separator: "\n")
    }
}
