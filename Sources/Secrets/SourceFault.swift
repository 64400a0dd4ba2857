package import IntentProtocol

/// Why a source did not give a secret, before it is known which reference asked for it.
package struct SourceFault: Error, Sendable, Hashable {
    package let kind: SecretFault.Kind
    /// What is wrong, and what to do about it.
    package let problem: String

    package init(_ kind: SecretFault.Kind, _ problem: String) {
        self.kind = kind
        self.problem = problem
    }

    /// As whoever asked is told.
    func about(_ reference: SecretReference) -> SecretFault {
        SecretFault(kind, reference.description, problem)
    }
}
