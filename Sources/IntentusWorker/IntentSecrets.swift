public import IntentProtocol
import Secrets

/// The secrets of a worker as its handlers see them: fetched when they are asked for, from memory for a few minutes, and
/// nowhere written down.
///
/// ```swift
/// let key = try await context.secrets["external-api-key"]
/// let answer = try await callExternalAPI(key.reveal(), payload)
/// ```
public struct IntentSecrets: Sendable {
    private let references: [String: SecretReference]
    private let provider: (any SecretProvider)?

    /// No secrets at all.
    static let none = IntentSecrets(references: [:], provider: nil)

    init(references: [String: SecretReference], provider: (any SecretProvider)?) {
        self.references = references
        self.provider = provider
    }

    /// The names that may be asked for.
    public var names: [String] { references.keys.sorted() }

    /// A secret as text.
    ///
    /// - Throws: `SecretFault` when the name is not configured, its source gives nothing, or its bytes are no UTF-8.
    public subscript(name: String) -> Secret {
        get async throws {
            guard let text = try await bytes(name).text else {
                throw SecretFault(.unusable, name, "the secret is no UTF-8 text; ask for its bytes")
            }
            return text
        }
    }

    /// A secret as bytes.
    ///
    /// - Throws: `SecretFault` when the name is not configured, or its source gives nothing.
    public func bytes(_ name: String) async throws(SecretFault) -> SecretBytes {
        guard let reference = references[name], let provider else {
            let known = names.isEmpty ? "none is" : "known: \(names.joined(separator: ", "))"
            throw SecretFault(
                .notConfigured, "'\(name.prefix(128))'",
                "no secret of that name is configured (\(known)); add it to WorkerConfiguration.secrets")
        }
        return try await provider.current(reference).value
    }
}
