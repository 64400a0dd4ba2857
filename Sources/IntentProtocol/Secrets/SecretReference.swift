/// Where a secret is kept: `secret://SOURCE/…`. It names a place and never a value, so it may be printed.
///
/// | form | place |
/// |---|---|
/// | `secret://env/NAME` | a variable of the environment |
/// | `secret://file/PATH[#member]` | a file, relative to the configuration's folder (`secret://file//run/x` is absolute), or a member of the JSON in it |
/// | `secret://vault/MOUNT/PATH[?version=N]#FIELD` | a field of a Vault KV v2 secret |
/// | `secret://vault-transit/MOUNT/KEY?ciphertext=FILE` | a file that Vault's Transit decrypts |
/// | `secret://aws-secrets-manager/NAME[?versionStage=S][&versionId=V][#member]` | a secret of AWS Secrets Manager |
/// | `secret://aws-kms/FILE[?keyId=K][&context.NAME=VALUE]` | a file that AWS KMS decrypts |
///
/// `%XX` stands for a byte that a part may not hold as it is: a mount with a slash in its name is `team%2Fkv`.
public struct SecretReference: Sendable, Hashable, CustomStringConvertible {
    /// The place that a reference names.
    public enum Place: Sendable, Hashable {
        /// A variable of the environment.
        case environment(name: String)
        /// A file, or a member of the JSON object in it.
        case file(path: String, member: String?)
        /// A field of a secret of a KV v2 engine; nil is the newest version.
        case vault(mount: String, path: String, field: String, version: Int?)
        /// The file of a ciphertext, and the Transit key that decrypts it.
        case vaultTransit(mount: String, key: String, ciphertextFile: String)
        /// A secret by its name or ARN, or a member of the JSON object in it.
        case awsSecretsManager(name: String, member: String?, versionStage: String?, versionId: String?)
        /// The file of a ciphertext blob, binary or base64, and what it was encrypted under.
        case awsKMS(ciphertextFile: String, keyId: String?, context: [String: String])
    }

    /// The place.
    public let place: Place
    /// The text as it was written.
    public let description: String

    /// The variable of that name.
    package static func variable(_ name: String) -> SecretReference {
        SecretReference(place: .environment(name: name), description: "secret://env/\(name)")
    }

    /// The file at a path, as a user would name it.
    package static func file(_ path: String) -> SecretReference {
        let shown = path.split(separator: "/", omittingEmptySubsequences: false).map { PercentEncoding.encoded($0) }
        return SecretReference(
            place: .file(path: path, member: nil), description: "secret://file/\(shown.joined(separator: "/"))")
    }

    init(place: Place, description: String) {
        self.place = place
        self.description = description
    }

    /// Whether a text is meant as a reference, well-formed or not; a secret does not begin so.
    public static func isReference(_ text: String) -> Bool { text.lowercased().hasPrefix("secret:") }

    /// Whether the secret is had from this machine alone, without a network.
    public var isLocal: Bool {
        switch place {
        case .environment, .file: true
        case .vault, .vaultTransit, .awsSecretsManager, .awsKMS: false
        }
    }
}

/// Why a text is no reference, and what to write instead.
public struct SecretReferenceFault: Error, Sendable, Hashable, CustomStringConvertible {
    /// What is wrong, with the remedy.
    public let message: String
    /// The word that is not known, when that is the fault.
    public let word: String?
    /// What may stand in its place.
    public let known: [String]

    init(_ message: String, word: String? = nil, known: [String] = []) {
        self.message = message
        self.word = word
        self.known = known
    }

    /// The message.
    public var description: String { message }
}
