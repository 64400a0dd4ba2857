import Documents
import Foundation
import GatewayConfiguration
import IntentProtocol
import Logging
import Secrets
import Synchronization

/// The secrets that a configuration names: fetched before the node starts, asked for again while it runs.
final class NodeSecrets: Sendable {
    private struct Known {
        var value: SecretBytes
        /// Counts the versions since the start.
        var generation = 0
    }

    /// Whence others get secrets, too.
    let store: SecretStore
    private let named: [NamedSecret]
    private let known = Mutex<[SecretReference: Known]>([:])

    /// Makes the sources; none is asked.
    ///
    /// - Parameters:
    ///   - configurationFile: relative paths of references begin at its folder.
    ///   - logger: is told what an operator may want to know.
    init(
        _ configuration: GatewayConfiguration.Secrets, _ named: [NamedSecret], configurationFile: String,
        environment: [String: String], logger: Logger
    ) {
        self.named = named
        let folder = URL(fileURLWithPath: configurationFile).deletingLastPathComponent().path
        store = SecretOptions(configuration).store(
            SecretSurroundings(environment: environment, folder: folder) { event in
                logger.log(level: event.isTrouble ? .warning : .info, "secrets", metadata: ["event": "\(event)"])
            })
    }

    /// Whether every key of a certificate that is named by a reference was fetched.
    var knowsKeys: Bool {
        named.allSatisfy { !$0.key.hasSuffix("keyFile") || current($0.reference) != nil }
    }

    /// Notes the references whose source is not set up; asks nobody.
    func check(into diagnostics: Diagnostics) {
        for secret in named {
            guard let fault = store.sources.faultOfConfiguration(secret.reference) else { continue }
            diagnostics.error("\(secret.place): \(fault)", at: secret.location)
        }
    }

    /// Fetches every secret, all at the same time, and notes each that cannot be had.
    ///
    /// - Returns: a line for each that can.
    @discardableResult
    func fetch(into diagnostics: Diagnostics) async -> [String] {
        let store = store
        var results: [SecretReference: Result<SecretVersion, SecretFault>] = [:]
        await withTaskGroup(of: (SecretReference, Result<SecretVersion, SecretFault>).self) { group in
            for reference in Set(named.map(\.reference)) {
                group.addTask {
                    do throws(SecretFault) {
                        return (reference, .success(try await store.current(reference)))
                    } catch {
                        return (reference, .failure(error))
                    }
                }
            }
            for await (reference, result) in group { results[reference] = result }
        }
        var lines: [String] = []
        for secret in named {
            switch results[secret.reference] {
            case .success(let found):
                known.withLock { $0[secret.reference] = Known(value: found.value) }
                let version = found.version.map { ", version \($0)" } ?? ""
                lines.append("\(secret.place): \(secret.reference): \(found.value.count) bytes\(version)")
            case .failure(let fault): diagnostics.error("\(secret.place): \(fault)", at: secret.location)
            case nil: break
            }
        }
        return lines
    }

    /// Keeps what was fetched up to date until cancelled.
    func run() async {
        let store = store
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await store.run() }
            for reference in known.withLock({ Array($0.keys) }) {
                group.addTask {
                    for await result in store.changes(of: reference) {
                        // What fails now was had before, and is in force: the store tells of it.
                        guard let version = try? result.get() else { continue }
                        self.take(version.value, of: reference)
                    }
                }
            }
        }
    }

    /// Asks the source of a secret now, instead of at its time.
    func refetch(_ reference: SecretReference) async throws(SecretFault) {
        take(try await store.fresh(reference).value, of: reference)
    }

    private func take(_ value: SecretBytes, of reference: SecretReference) {
        known.withLock { known in
            guard let before = known[reference], before.value != value else { return }
            known[reference] = Known(value: value, generation: before.generation + 1)
        }
    }

    /// The bytes of a secret that was fetched, and which version they are; nil for one that was not.
    func current(_ reference: SecretReference) -> (bytes: SecretBytes, generation: Int)? {
        known.withLock { known in known[reference].map { ($0.value, $0.generation) } }
    }
}

extension NodeSecrets {
    /// The bytes of a setting: of its file, or as they were fetched.
    ///
    /// - Parameter key: the key that names it, as messages begin.
    /// - Throws: ``ConfigurationRefused`` when there are none.
    func bytes(of setting: SecretSetting, _ key: String) throws -> SecretBytes {
        switch setting {
        case .inline(let secret): return SecretBytes(Array(secret.reveal().utf8))
        case .path(let path):
            guard let data = FileManager.default.contents(atPath: path) else {
                throw ConfigurationRefused([Diagnostic(.error, "\(key): '\(path)' cannot be read")])
            }
            return SecretBytes(Array(data))
        case .reference(let reference):
            guard let known = current(reference) else {
                throw ConfigurationRefused([Diagnostic(.error, "\(key): \(reference) was not fetched")])
            }
            return known.bytes
        }
    }

    /// The text of a setting; of a file or a source the first line, for a trailing newline is an editor's.
    func text(of setting: SecretSetting, _ key: String) throws -> Secret {
        if case .inline(let secret) = setting { return secret }
        let place = if case .path(let path) = setting { "'\(path)'" } else { "\(setting.reference?.description ?? "")" }
        guard let text = try bytes(of: setting, key).text?.reveal() else {
            throw ConfigurationRefused([Diagnostic(.error, "\(key): \(place) cannot be read as UTF-8 text")])
        }
        let line = text.prefix { !$0.isNewline }
        guard !line.isEmpty else {
            throw ConfigurationRefused([Diagnostic(.error, "\(key): \(place) begins with an empty line")])
        }
        return Secret(String(line))
    }
}

extension SecretOptions {
    init(_ configured: GatewayConfiguration.Secrets) {
        self.init()
        section = "secrets."
        limits.cacheSeconds = Int64(configured.cacheSeconds)
        limits.staleSecondsMax = Int64(configured.maxStaleSeconds)
        limits.refreshSeconds = Int64(configured.refreshSeconds)
        timeoutMilliseconds = Int64(configured.timeoutMilliseconds)
        vault.address = configured.vault.address
        vault.namespace = configured.vault.namespace
        vault.authorityFile = configured.vault.caFile
        vault.allowsPlainHTTP = configured.vault.allowInsecureHttp
        vault.login = Self.login(configured.vault)
        aws.region = configured.aws.region
        aws.profile = configured.aws.profile
        aws.endpoint = configured.aws.endpoint
        aws.endpoints[.keyManagement] = configured.aws.kmsEndpoint
        aws.endpoints[.secretsManager] = configured.aws.secretsManagerEndpoint
        aws.endpoints[.securityTokens] = configured.aws.stsEndpoint
        aws.authorityFile = configured.aws.caFile
        aws.allowsPlainHTTP = configured.aws.allowInsecureHttp
    }

    private static func login(_ vault: GatewayConfiguration.Vault) -> VaultSettings.Login? {
        if let token = vault.tokenFile?.local { return .token(token) }
        if let role = vault.appRole, let secretId = role.secretIdFile?.local {
            return .appRole(mount: role.mount, roleId: role.roleId, secretId: secretId)
        }
        if let kubernetes = vault.kubernetes {
            return .kubernetes(
                mount: kubernetes.mount, role: kubernetes.role,
                token: kubernetes.tokenFile?.local ?? VaultSettings.Login.podToken)
        }
        return nil
    }
}

extension SecretSetting {
    /// As a reference to a file or a variable.
    fileprivate var local: SecretReference? {
        switch self {
        case .inline: nil
        // The path is seen from where this process runs, a reference from the configuration's folder.
        case .path(let path): .file(URL(fileURLWithPath: path).path)
        case .reference(let reference): reference
        }
    }
}
