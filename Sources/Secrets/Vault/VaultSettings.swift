package import IntentProtocol

/// How Vault is asked.
package struct VaultSettings: Sendable, Hashable {
    /// How a token is had.
    package enum Login: Sendable, Hashable {
        /// A token that somebody else made: a variable or a file, read again when it is refused.
        case token(SecretReference)
        /// A role id, and a secret id from a variable or a file.
        case appRole(mount: String, roleId: String, secretId: SecretReference)
        /// A role, and the token of the pod's service account.
        case kubernetes(mount: String, role: String, token: SecretReference)

        /// Where Kubernetes mounts the token of a pod's service account.
        package static let podToken = SecretReference.file("/var/run/secrets/kubernetes.io/serviceaccount/token")

        /// Whether logging in anew makes another token.
        var makesTokens: Bool {
            switch self {
            case .token: false
            case .appRole, .kubernetes: true
            }
        }
    }

    /// Where Vault listens.
    package let address: ServiceAddress
    /// The namespace of all paths; nil for the root one.
    package let namespace: String?
    /// A PEM file with the authorities to trust; nil for the system's.
    package let authorityFile: String?
    /// How a token is had.
    package let login: Login

    package init(address: ServiceAddress, namespace: String?, authorityFile: String?, login: Login) {
        self.address = address
        self.namespace = namespace
        self.authorityFile = authorityFile
        self.login = login
    }
}
