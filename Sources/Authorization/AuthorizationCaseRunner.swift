package import Documents

/// Runs decision cases: a list of `{name, tier, mesh, workload, policies, request, expect}`.
package enum AuthorizationCaseRunner {
    /// What came of a file.
    package struct Report: Sendable {
        /// How many cases of each tier passed.
        package var passedByTier: [String: Int] = [:]
        /// What failed, with its name, tier, and the difference.
        package var failures: [String] = []

        /// How many cases passed.
        package var passed: Int { passedByTier.values.reduce(0, +) }
    }

    /// Whether a document has the form of such cases, rather than that of intent rules.
    package static func canRun(_ node: DocumentNode) -> Bool {
        node.sequence != nil
    }

    /// Runs all cases of a document.
    ///
    /// - Throws: when the document is not of that form.
    package static func run(_ node: DocumentNode) throws(DiagnosticError) -> Report {
        guard let cases = node.sequence else {
            throw DiagnosticError("the document must be a list of cases, found \(node.summary)", at: node.location)
        }
        var report = Report()
        for (place, entry) in cases.enumerated() {
            let diagnostics = Diagnostics()
            let example = AuthorizationCase.read(entry, path: "[\(place)]", into: diagnostics)
            guard let example, !diagnostics.hasErrors else { throw DiagnosticError(diagnostics.errors) }
            if let difference = example.difference() {
                report.failures.append("\(example.name) (\(example.tier)): \(difference)")
            } else {
                report.passedByTier[example.tier, default: 0] += 1
            }
        }
        return report
    }
}
