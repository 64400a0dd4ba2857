/// What one check of `intentusnet check --production` found at one place.
package struct ProductionFinding: Sendable, Hashable {
    /// How it stands.
    package enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// As a production gateway should be.
        case ok
        /// Can be meant so, and somebody should look.
        case warning
        /// Not fit for production.
        case failure
    }

    /// The check, stable: `tls.listener`.
    package let id: String
    package let outcome: Outcome
    /// A key of the configuration, a file, or a rule.
    package let place: String
    /// What was seen there.
    package let message: String
    /// What would be right; nil where nothing is wrong.
    package let remedy: String?
}

extension ProductionFinding: CustomStringConvertible {
    /// `failure  tls.listener  listen.tls.mode: plain text is taken; set …`
    package var description: String {
        "\(outcome.rawValue)  \(id)  \(place): \(message)" + (remedy.map { "; \($0)" } ?? "")
    }
}
