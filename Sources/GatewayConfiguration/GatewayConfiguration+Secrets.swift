import Documents
import IntentProtocol

extension GatewayConfiguration {
    /// How the sources of `secret://` references are asked.
    package struct Secrets: Sendable, Hashable {
        /// How long a value is given from memory.
        package var cacheSeconds = 300
        /// How long the last value serves while its source does not answer.
        package var maxStaleSeconds = 3_600
        /// How often a source is asked for a new version while the node runs.
        package var refreshSeconds = 300
        /// How long a source may take to answer.
        package var timeoutMilliseconds = 5_000
        /// HashiCorp Vault.
        package var vault = Vault()
        /// AWS KMS and Secrets Manager.
        package var aws = AWS()

        /// The defaults above.
        package init() {}
    }

    /// HashiCorp Vault; what is absent is taken from the variables of its own command.
    package struct Vault: Sendable, Hashable {
        /// Where it listens.
        package var address: String?
        /// The namespace of all paths.
        package var namespace: String?
        /// Certificates (PEM) that it is trusted by.
        package var caFile: String?
        /// Lets `address` be plain http to another machine.
        package var allowInsecureHttp = false
        /// A token that somebody else made.
        package var tokenFile: SecretSetting?
        /// Login by a role and a secret id.
        package var appRole: VaultAppRole?
        /// Login by the pod's service account.
        package var kubernetes: VaultKubernetes?

        /// The defaults above.
        package init() {}
    }

    /// Login at Vault by a role and a secret id.
    package struct VaultAppRole: Sendable, Hashable {
        /// Where the auth method is mounted.
        package var mount = "approle"
        /// The role's id.
        package var roleId = ""
        /// The secret id.
        package var secretIdFile: SecretSetting?

        /// Empty; a login states its own.
        package init() {}
    }

    /// Login at Vault by the pod's service account.
    package struct VaultKubernetes: Sendable, Hashable {
        /// Where the auth method is mounted.
        package var mount = "kubernetes"
        /// The role.
        package var role = ""
        /// The token of the service account.
        package var tokenFile: SecretSetting?

        /// Empty; a login states its own.
        package init() {}
    }

    /// AWS KMS and Secrets Manager; what is absent is taken from the variables of its own clients.
    package struct AWS: Sendable, Hashable {
        /// The region of both.
        package var region: String?
        /// The profile of the shared credentials file.
        package var profile: String?
        /// The address in place of those of all services.
        package var endpoint: String?
        /// The address in place of that of KMS.
        package var kmsEndpoint: String?
        /// The address in place of that of Secrets Manager.
        package var secretsManagerEndpoint: String?
        /// The address in place of that of STS.
        package var stsEndpoint: String?
        /// Certificates (PEM) that they are trusted by.
        package var caFile: String?
        /// Lets the addresses be plain http to another machine.
        package var allowInsecureHttp = false

        /// The defaults above.
        package init() {}
    }
}

extension GatewayConfiguration.Secrets: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value(
            "cacheSeconds", \.cacheSeconds, .integer(5...3_600), unit: "s", "How long a secret is given from memory."),
        .value(
            "maxStaleSeconds", \.maxStaleSeconds, .integer(0...604_800), unit: "s",
            "How long the last value serves while its source does not answer; one that refuses ends it at once."),
        .value(
            "refreshSeconds", \.refreshSeconds, .integer(5...86_400), unit: "s",
            "How often a source is asked for a new version of what can change while the node runs; files are looked at each second."
        ),
        .value(
            "timeoutMilliseconds", \.timeoutMilliseconds, .integer(100...60_000), unit: "ms",
            "How long a source may take to answer."),
        .section("vault", \.vault, "HashiCorp Vault or OpenBao, for `secret://vault/` and `secret://vault-transit/`."),
        .section("aws", \.aws, "AWS, for `secret://aws-secrets-manager/` and `secret://aws-kms/`."),
    ]
}

extension GatewayConfiguration.Vault: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .optional(
            "address", \.address, .url(["https", "http"]), absent: "VAULT_ADDR",
            "Where it listens; plain http is for this machine."),
        .optional(
            "namespace", \.namespace, .text(bytesMax: 256), absent: "VAULT_NAMESPACE", "The namespace of all paths."),
        .optionalPath(
            "caFile", \.caFile,
            "Certificates (PEM) that it is trusted by, instead of the system's; VAULT_CACERT without it."),
        .value(
            "allowInsecureHttp", \.allowInsecureHttp, .toggle,
            "Lets `address` be plain http to another machine; whoever is on the way then reads the secrets."),
        .optionalSecretFile(
            "tokenFile", \.tokenFile,
            "A token that somebody else made, such as an agent's sink; VAULT_TOKEN without any login."),
        .optionalSection("appRole", \.appRole, "Login by a role and a secret id."),
        .optionalSection("kubernetes", \.kubernetes, "Login by the pod's service account."),
    ]

    func check(_ reader: SectionReader) {
        let fields = reader.fields
        if [tokenFile != nil, appRole != nil, kubernetes != nil].count(where: { $0 }) > 1 {
            fields.error("\(fields.path) must have at most one of tokenFile, appRole and kubernetes", at: "tokenFile")
        }
        reader.checkIsLocal(tokenFile, at: "tokenFile")
        if allowInsecureHttp, let address, address.hasPrefix("http://"), WebAddress(address)?.isLoopback == false {
            fields.warning(
                "\(fields.place("address")) is plain http: whoever is on the way reads the secrets", at: "address")
        }
    }
}

extension GatewayConfiguration.VaultAppRole: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("mount", \.mount, .text(bytesMax: 256), "Where the auth method is mounted."),
        .required("roleId", \.roleId, .text(bytesMax: 256), "The role's id."),
        .optionalSecretFile(
            "secretIdFile", \.secretIdFile,
            "The secret id, required: a file, or `secret://env/NAME`; read at each login."),
    ]

    func check(_ reader: SectionReader) {
        if secretIdFile == nil, !reader.fields.has("secretIdFile") { reader.fields.reportMissing("secretIdFile") }
        reader.checkIsLocal(secretIdFile, at: "secretIdFile")
    }
}

extension GatewayConfiguration.VaultKubernetes: ConfigurationSection {
    static let keys: [ConfigurationKey<Self>] = [
        .value("mount", \.mount, .text(bytesMax: 256), "Where the auth method is mounted."),
        .required("role", \.role, .text(bytesMax: 256), "The role."),
        .optionalSecretFile(
            "tokenFile", \.tokenFile,
            "The token of the service account; `/var/run/secrets/kubernetes.io/serviceaccount/token` without it."),
    ]

    func check(_ reader: SectionReader) { reader.checkIsLocal(tokenFile, at: "tokenFile") }
}

extension GatewayConfiguration.AWS: ConfigurationSection {
    private static let url = ValueKind<String>.url(["https", "http"])

    static let keys: [ConfigurationKey<Self>] = [
        .optional("region", \.region, .text(bytesMax: 32), absent: "AWS_REGION", "Such as eu-central-1."),
        .optional(
            "profile", \.profile, .text(bytesMax: 128), absent: "AWS_PROFILE",
            "The section of the shared credentials file; goes before every other place that credentials come from."),
        .optional(
            "endpoint", \.endpoint, url, absent: "AWS_ENDPOINT_URL",
            "The address of all services, in place of AWS's own."),
        .optional("kmsEndpoint", \.kmsEndpoint, url, absent: "AWS_ENDPOINT_URL_KMS", "The address of KMS."),
        .optional(
            "secretsManagerEndpoint", \.secretsManagerEndpoint, url, absent: "AWS_SECRETS_MANAGER_ENDPOINT",
            "The address of Secrets Manager; AWS_ENDPOINT_URL_SECRETS_MANAGER is read, too."),
        .optional("stsEndpoint", \.stsEndpoint, url, absent: "AWS_ENDPOINT_URL_STS", "The address of STS."),
        .optionalPath(
            "caFile", \.caFile,
            "Certificates (PEM) that the services are trusted by, instead of the system's; AWS_CA_BUNDLE without it."),
        .value(
            "allowInsecureHttp", \.allowInsecureHttp, .toggle,
            "Lets the addresses be plain http to another machine; whoever is on the way then reads the secrets."),
    ]
}

extension SectionReader {
    /// What opens a source of secrets cannot come from one that needs opening.
    fileprivate func checkIsLocal(_ setting: SecretSetting?, at key: String) {
        guard let reference = setting?.reference, !reference.isLocal else { return }
        fields.error(
            "\(fields.place(key)) opens a source of secrets: it must be a file, secret://file/… or secret://env/…",
            at: key)
    }
}
