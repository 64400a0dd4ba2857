/// One thing to say about a document: what is wrong, how badly, and where.
package struct Diagnostic: Sendable, Hashable {
    /// How bad it is.
    package enum Severity: String, Sendable, Hashable, CaseIterable {
        /// The document cannot be used.
        case error
        /// The document can be used, but somebody should look.
        case warning
    }

    /// How bad it is.
    package let severity: Severity
    /// What is wrong, and where possible what would be right.
    package let message: String
    /// Where; nil when the fault is in no file, such as in an environment variable.
    package let location: SourceLocation?

    /// Makes a diagnostic.
    package init(_ severity: Severity, _ message: String, at location: SourceLocation? = nil) {
        self.severity = severity
        self.message = message
        self.location = location
    }
}

extension Diagnostic: CustomStringConvertible {
    /// `gateway.yaml:12:5: error: unknown key 'isuer'; did you mean 'issuer'?`
    package var description: String {
        guard let location else { return "\(severity.rawValue): \(message)" }
        return "\(location): \(severity.rawValue): \(message)"
    }
}
