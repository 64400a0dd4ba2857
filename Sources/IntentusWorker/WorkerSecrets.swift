import IntentProtocol
import Secrets

/// The secrets that a worker's handlers may ask for, by names of their own, and where they are kept.
///
/// ```swift
/// configuration.secrets.references["external-api-key"] = "secret://vault/secret/summarizer#api-key"
/// ```
///
/// Vault and AWS are found by the variables of their own commands: VAULT_ADDR, VAULT_NAMESPACE, VAULT_CACERT, VAULT_TOKEN;
/// AWS_REGION, AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_WEB_IDENTITY_TOKEN_FILE and their like.
public struct WorkerSecrets: Sendable {
    /// How the worker logs in at Vault.
    public enum VaultLogin: Sendable, Hashable {
        /// A token in a file, such as an agent's sink.
        case tokenFile(String)
        /// A role and a secret id in a file.
        case appRole(roleId: String, secretIdFile: String, mount: String = "approle")
        /// The pod's service account.
        case kubernetes(role: String, mount: String = "kubernetes")
    }

    /// The name that handlers ask for, and the `secret://` reference behind it.
    public var references: [String: String] = [:]
    /// Where relative paths of references begin; empty is where the worker was started.
    public var folder = ""
    /// Variables that go before those of the process: `["VAULT_ADDR": "https://vault.example.com"]`.
    public var variables: [String: String] = [:]
    /// How long a secret is given from memory.
    public var cacheSeconds: Int64 = 300
    /// How long the last value serves while its source does not answer; one that refuses ends it at once.
    public var maxStaleSeconds: Int64 = 3_600
    /// How long a source may take to answer.
    public var timeoutMilliseconds: Int64 = 5_000
    /// How the worker logs in at Vault; nil by VAULT_TOKEN, or `.vault-token` in the home folder.
    public var vaultLogin: VaultLogin?

    /// No secrets.
    public init() {}
}

extension WorkerSecrets {
    /// The references by their names.
    ///
    /// - Parameter tokenSecret: the name of the token for registration, which must be one of them.
    /// - Throws: ``WorkerConfigurationError`` with every name and reference that is none.
    func parsed(tokenSecret: String?) throws(WorkerConfigurationError) -> [String: SecretReference] {
        var parsed: [String: SecretReference] = [:]
        var findings: [String] = []
        if let tokenSecret, references[tokenSecret] == nil {
            findings.append(
                "WorkerConfiguration.tokenSecret: there is no '\(tokenSecret.prefix(128))' among secrets.references; add it"
            )
        }
        for name in references.keys.sorted() {
            let place = "WorkerConfiguration.secrets.references[\(String(reflecting: name))]"
            if !(1...128).contains(name.utf8.count) { findings.append("\(place): a name has 1 to 128 bytes") }
            do throws(SecretReferenceFault) {
                parsed[name] = try SecretReference(references[name] ?? "")
            } catch {
                findings.append("\(place): \(error.message)")
            }
        }
        for (key, value) in [("cacheSeconds", cacheSeconds), ("maxStaleSeconds", maxStaleSeconds)]
        where !(0...604_800).contains(value) {
            findings.append("WorkerConfiguration.secrets.\(key) must be 0 to 604800, found \(value)")
        }
        if !(1...600_000).contains(timeoutMilliseconds) {
            findings.append(
                "WorkerConfiguration.secrets.timeoutMilliseconds must be 1 to 600000, found \(timeoutMilliseconds)")
        }
        guard findings.isEmpty else { throw WorkerConfigurationError(findings: findings) }
        return parsed
    }

    /// The store behind the names.
    ///
    /// - Throws: ``WorkerConfigurationError`` for a reference whose source is not set up: told at the start, not by the first request.
    func store(
        _ parsed: [String: SecretReference], _ around: SecretSurroundings
    ) throws(WorkerConfigurationError) -> SecretStore {
        var options = SecretOptions()
        options.limits.cacheSeconds = cacheSeconds
        options.limits.staleSecondsMax = maxStaleSeconds
        options.timeoutMilliseconds = timeoutMilliseconds
        options.vault.login = vaultLogin.map { login in
            switch login {
            case .tokenFile(let path): .token(.file(path))
            case .appRole(let roleId, let path, let mount):
                .appRole(mount: mount, roleId: roleId, secretId: .file(path))
            case .kubernetes(let role, let mount):
                .kubernetes(mount: mount, role: role, token: VaultSettings.Login.podToken)
            }
        }
        let store = options.store(around)
        let findings = parsed.keys.sorted().compactMap { name in
            parsed[name].flatMap { store.sources.faultOfConfiguration($0) }.map {
                "WorkerConfiguration.secrets.references[\(String(reflecting: name))]: \($0)"
            }
        }
        guard findings.isEmpty else { throw WorkerConfigurationError(findings: findings) }
        return store
    }
}
