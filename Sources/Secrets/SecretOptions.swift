import Foundation
import IntentProtocol

/// What is configured of the sources of secrets; what is absent is taken from the variables of Vault's and Amazon's own
/// commands.
package struct SecretOptions: Sendable, Hashable {
    /// Of Vault.
    package struct Vault: Sendable, Hashable {
        package var address: String?
        package var namespace: String?
        package var authorityFile: String?
        package var allowsPlainHTTP = false
        package var login: VaultSettings.Login?

        package init() {}
    }

    /// Of AWS.
    package struct AWS: Sendable, Hashable {
        package var region: String?
        package var profile: String?
        /// In place of the addresses of all services.
        package var endpoint: String?
        package var endpoints: [AWSSettings.Service: String] = [:]
        package var authorityFile: String?
        package var allowsPlainHTTP = false

        package init() {}
    }

    package var vault = Vault()
    package var aws = AWS()
    package var limits = SecretStore.Limits()
    package var timeoutMilliseconds: Int64 = 5_000
    /// What messages call the section of the configuration, with a dot at its end: `secrets.`.
    package var section = ""

    package init() {}

    /// A store over all sources; what one lacks is told when a reference needs it.
    package func store(_ around: SecretSurroundings) -> SecretStore {
        var settings = SecretSources.Settings(
            vault: Result { () throws(SourceFault) in try vaultSettings(around) },
            aws: Result { () throws(SourceFault) in try awsSettings(around) })
        settings.timeoutMilliseconds = timeoutMilliseconds
        return SecretStore(SecretSources(settings, around: around), limits: limits, around: around)
    }

    // MARK: Vault

    private func vaultSettings(_ around: SecretSurroundings) throws(SourceFault) -> VaultSettings {
        let key = "\(section)vault.address"
        guard let address = vault.address ?? around.variable("VAULT_ADDR") else {
            throw SourceFault(.notConfigured, "there is no Vault to ask; set \(key) or VAULT_ADDR")
        }
        if let text = around.variable("VAULT_SKIP_VERIFY"), !["0", "f", "false"].contains(text.lowercased()) {
            throw SourceFault(
                .notConfigured,
                "VAULT_SKIP_VERIFY is set, and a Vault that shows any certificate is not asked; unset it, and name its authority in "
                    + "\(section)vault.caFile or VAULT_CACERT")
        }
        return VaultSettings(
            address: try ServiceAddress(
                address, plain: vault.allowsPlainHTTP ? .allowed : .loopback,
                named: vault.address == nil ? "VAULT_ADDR" : key),
            namespace: try namespace(around),
            authorityFile: vault.authorityFile ?? around.variable("VAULT_CACERT"),
            login: try login(around))
    }

    private func namespace(_ around: SecretSurroundings) throws(SourceFault) -> String? {
        guard let namespace = vault.namespace ?? around.variable("VAULT_NAMESPACE") else { return nil }
        guard namespace.utf8.count <= 256, namespace.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw SourceFault(
                .notConfigured, "\(section)vault.namespace or VAULT_NAMESPACE must be 1 to 256 bytes of visible ASCII")
        }
        return namespace
    }

    /// What is configured, or the token that Vault's own command would take.
    private func login(_ around: SecretSurroundings) throws(SourceFault) -> VaultSettings.Login {
        if let login = vault.login { return login }
        if around.variable("VAULT_TOKEN") != nil { return .token(.variable("VAULT_TOKEN")) }
        if let home = around.variable("HOME"), FileManager.default.fileExists(atPath: "\(home)/.vault-token") {
            return .token(.file("\(home)/.vault-token"))
        }
        throw SourceFault(
            .notConfigured,
            "there is no login for Vault; set \(section)vault.kubernetes, .appRole or .tokenFile, or VAULT_TOKEN")
    }

    // MARK: AWS

    private func awsSettings(_ around: SecretSurroundings) throws(SourceFault) -> AWSSettings {
        guard let region = aws.region ?? around.variable("AWS_REGION") ?? around.variable("AWS_DEFAULT_REGION") else {
            throw SourceFault(.notConfigured, "there is no AWS region; set \(section)aws.region or AWS_REGION")
        }
        var endpoints: [AWSSettings.Service: ServiceAddress] = [:]
        for service in AWSSettings.Service.allCases {
            guard let (text, name) = endpoint(of: service, around) else { continue }
            let address = try ServiceAddress(text, plain: aws.allowsPlainHTTP ? .allowed : .loopback, named: name)
            guard address.path.isEmpty else {
                throw SourceFault(.notConfigured, "\(name) must have no path: requests go to / and are signed for it")
            }
            endpoints[service] = address
        }
        return try AWSSettings(
            region: region, profile: aws.profile, endpoints: endpoints,
            authorityFile: aws.authorityFile ?? around.variable("AWS_CA_BUNDLE"))
    }

    /// The address in place of AWS's own, and what names it.
    private func endpoint(of service: AWSSettings.Service, _ around: SecretSurroundings) -> (String, String)? {
        let (key, variables) =
            switch service {
            case .keyManagement: ("kmsEndpoint", ["AWS_ENDPOINT_URL_KMS"])
            case .secretsManager:
                ("secretsManagerEndpoint", ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_SECRETS_MANAGER_ENDPOINT"])
            case .securityTokens: ("stsEndpoint", ["AWS_ENDPOINT_URL_STS"])
            }
        if let text = aws.endpoints[service] { return (text, "\(section)aws.\(key)") }
        if let text = aws.endpoint { return (text, "\(section)aws.endpoint") }
        for name in variables + ["AWS_ENDPOINT_URL"] {
            if let text = around.variable(name) { return (text, name) }
        }
        return nil
    }
}

extension Result where Failure == SourceFault {
    fileprivate init(_ work: () throws(SourceFault) -> Success) {
        do throws(SourceFault) { self = .success(try work()) } catch { self = .failure(error) }
    }
}
