package import IntentProtocol

/// All sources of secrets, each as it is configured: finds the one that a reference names.
package struct SecretSources: Sendable {
    /// What the sources are made of; nil where one is not configured, with the reason.
    package struct Settings: Sendable {
        package var vault: Result<VaultSettings, SourceFault>
        package var aws: Result<AWSSettings, SourceFault>
        /// How long a single exchange may take.
        package var timeoutMilliseconds: Int64 = 5_000

        package init(vault: Result<VaultSettings, SourceFault>, aws: Result<AWSSettings, SourceFault>) {
            self.vault = vault
            self.aws = aws
        }
    }

    private let local: LocalSecrets
    private let vault: Result<VaultSource, SourceFault>
    private let aws: Result<AWSSource, SourceFault>

    init(local: LocalSecrets, vault: Result<VaultSource, SourceFault>, aws: Result<AWSSource, SourceFault>) {
        self.local = local
        self.vault = vault
        self.aws = aws
    }

    package init(_ settings: Settings, around: SecretSurroundings) {
        local = LocalSecrets(around)
        vault = settings.vault.map {
            VaultSource($0, timeoutMilliseconds: settings.timeoutMilliseconds, around: around)
        }
        aws = settings.aws.map { AWSSource($0, timeoutMilliseconds: settings.timeoutMilliseconds, around: around) }
    }

    /// Why a reference could not be resolved whatever the network does; nil when its source is configured.
    package func faultOfConfiguration(_ reference: SecretReference) -> SecretFault? {
        let fault: SourceFault? =
            switch reference.place {
            case .environment, .file: nil
            case .vault, .vaultTransit: vault.fault
            case .awsSecretsManager, .awsKMS: aws.fault
            }
        return fault?.about(reference)
    }

    /// Asks the source of a reference, now.
    func fetch(_ reference: SecretReference) async throws(SourceFault) -> SecretVersion {
        switch reference.place {
        case .environment, .file: return try local.value(of: reference)
        case .vault(let mount, let path, let field, let version):
            return try await vault.get().field(field, mount: mount, path: path, version: version)
        case .vaultTransit(let mount, let key, let file):
            return try await vault.get().decrypted(file: file, mount: mount, key: key)
        case .awsSecretsManager(let name, let member, let stage, let id):
            return try await aws.get().secret(name, member: member, versionStage: stage, versionId: id)
        case .awsKMS(let file, let keyId, let context):
            return try await aws.get().decrypted(file: file, keyId: keyId, context: context)
        }
    }

    /// Keeps what opens the sources good, until cancelled.
    func run() async {
        if case .success(let vault) = vault { await vault.run() }
    }

    /// Vault, where it is configured: for data keys.
    package var vaultSource: VaultSource? { try? vault.get() }
    /// AWS, where it is configured: for data keys.
    package var awsSource: AWSSource? { try? aws.get() }
}

extension Result where Failure == SourceFault {
    fileprivate var fault: SourceFault? {
        if case .failure(let fault) = self { return fault }
        return nil
    }
}
