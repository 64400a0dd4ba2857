import Authorization
import CertificateFiles
import Documents
import Foundation
import Gateway
import GatewayConfiguration
import Identity
import IntentPolicy
import KeySources
import Observability
import RateLimiting
import Routing
import Synchronization

/// The files of a node: read at the start, watched while it runs, read again when they change.
final class NodeFiles: Sendable {
    /// What a configuration file and the files that it names amount to.
    struct Loaded {
        let configuration: GatewayConfiguration
        let policy: PolicyDocument
        /// nil where the configuration names no policies of the mesh.
        let authorization: CompiledAuthorization?
        /// nil where the configuration names no policies of the admin API.
        let adminAuthorization: CompiledAuthorization?
        let agents: [ConfiguredAgent]
        let files: NodeFiles
        let tls: NodeTLS
        /// nil where nothing is sealed.
        let seals: NodeSeals?
        let secrets: NodeSecrets
    }

    /// What is done about the references to secrets.
    enum SecretUse {
        /// They are read and their sources looked at; nobody is asked.
        case check
        /// They are fetched.
        case fetch
    }

    private let policyFiles: [NamedFile]
    private let mesh: GatewayConfiguration.Mesh
    private let watched: Mutex<[WatchedFile]>
    let keyFiles: [FileKeySetSource?]
    private let authorization: AuthorizationFiles
    private let adminAuthorization: AuthorizationFiles

    private init(_ configuration: GatewayConfiguration, _ named: [NamedFile]) {
        mesh = configuration.mesh
        policyFiles = named.filter { $0.kind == .policy }
        authorization = AuthorizationFiles(named.filter { $0.kind == .authorization }, configuration)
        adminAuthorization = AuthorizationFiles(named.filter { $0.kind == .adminAuthorization }, configuration, .admin)
        watched = Mutex(policyFiles.map(\.path).map(WatchedFile.init))
        keyFiles = configuration.authentication.issuers.map { $0.jwks.file.map(FileKeySetSource.init) }
    }

    /// Reads everything and notes every error and warning; nil when there is an error.
    ///
    /// The files that a faulty configuration names are read too, so that everything is told at once.
    static func load(
        configurationFile: String, environment: [String: String], secrets use: SecretUse, into diagnostics: Diagnostics
    ) async -> Loaded? {
        guard let text = read(configurationFile, named: "'\(configurationFile)'", at: nil, into: diagnostics) else {
            return nil
        }
        return await load(
            text, file: configurationFile, environment: environment, secrets: use, into: diagnostics)
    }

    /// As ``load(configurationFile:environment:secrets:into:)``, of a text that need not be in the file.
    ///
    /// - Parameter configurationFile: what messages call it, and whose folder relative paths begin in.
    static func load(
        _ text: String, file configurationFile: String, environment: [String: String], secrets use: SecretUse,
        into diagnostics: Diagnostics
    ) async -> Loaded? {
        let reading = GatewayConfiguration.read(text, file: configurationFile, environment: environment)
        diagnostics.add(reading.diagnostics)
        let agents = reading.configuration?.agents.compactMap { $0.configured(diagnostics) }
        // Noted before they are read: a file that changes in between is then read again, not missed.
        let files = reading.configuration.map { NodeFiles($0, reading.files) }
        let authorizationFiles =
            files?.authorization
            ?? AuthorizationFiles(reading.files.filter { $0.kind == .authorization }, nil)
        let adminFiles =
            files?.adminAuthorization
            ?? AuthorizationFiles(reading.files.filter { $0.kind == .adminAuthorization }, nil, .admin)
        var policyFiles: [NamedFile] = []
        for file in reading.files {
            switch file.kind {
            case .policy: policyFiles.append(file)
            case .keySet: checkKeys(file, into: diagnostics)
            case .material:
                checkPresence(file, into: diagnostics)
                if file.key == "audit.keyFile" { checkAuditKey(file, into: diagnostics) }
            case .authorization, .adminAuthorization, .output: break
            }
        }
        if let configuration = reading.configuration { checkGrants(configuration, into: diagnostics) }
        let policy = loadPolicy(policyFiles, reading.configuration?.mesh, into: diagnostics)
        if let policy, reading.configuration?.store.redis != nil {
            LimitLint.check(CompiledPolicy(policy), LeaseRules(), into: diagnostics)
        }
        let authorization = authorizationFiles.load(into: diagnostics)
        let adminAuthorization = adminFiles.load(into: diagnostics)
        guard let configuration = reading.configuration else { return nil }
        let secrets = NodeSecrets(
            configuration.secrets, reading.secrets, configurationFile: configurationFile, environment: environment,
            logger: NodeParts.logger(configuration.log))
        // Nobody is asked for the secrets of a configuration that is refused anyway.
        if use == .fetch, !diagnostics.hasErrors {
            await secrets.fetch(into: diagnostics)
        } else {
            secrets.check(into: diagnostics)
        }
        let isFetched = use == .fetch && !diagnostics.hasErrors
        let seals = configuration.emcl.flatMap { emcl in
            // A ring that nobody fetched is not there to be read.
            emcl.keyRing == nil || isFetched
                ? NodeSeals(emcl, secrets, environment: environment, into: diagnostics) : nil
        }
        // Certificates are read with their keys, and those that nobody fetched are not there.
        guard secrets.knowsKeys else { return nil }
        let tls = NodeTLS.load(configuration, secrets, into: diagnostics)
        guard let agents, let files, let policy, let tls, !diagnostics.hasErrors
        else {
            return nil
        }
        return Loaded(
            configuration: configuration, policy: policy, authorization: authorization,
            adminAuthorization: adminAuthorization, agents: agents, files: files, tls: tls, seals: seals,
            secrets: secrets)
    }

    private static func checkKeys(_ file: NamedFile, into diagnostics: Diagnostics) {
        guard let text = read(file, into: diagnostics) else { return }
        do throws(KeySetError) {
            _ = try KeySet(parsingJWKS: Array(text.utf8))
        } catch {
            diagnostics.error("\(file.description) cannot be used as a key set: \(error)", at: file.location)
        }
    }

    private static func checkGrants(_ configuration: GatewayConfiguration, into diagnostics: Diagnostics) {
        let mesh = configuration.mesh
        for (place, rule) in (configuration.registration?.allow ?? []).enumerated() {
            let name = "registration.allow[\(place)].principals"
            do throws(PrincipalPatterns.Fault) {
                PolicyTrustDomains.check(
                    try PrincipalPatterns(rule.principals), of: name, own: mesh.trustDomain,
                    aliases: mesh.trustDomainAliases, federated: mesh.federatedTrustDomains, at: nil, into: diagnostics)
            } catch {
                diagnostics.error("\(name): \(error)", at: nil)
            }
        }
    }

    private static func checkPresence(_ file: NamedFile, into diagnostics: Diagnostics) {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: file.path, isDirectory: &isFolder)
        guard exists, !isFolder.boolValue, FileManager.default.isReadableFile(atPath: file.path) else {
            let fault = exists ? "cannot be read" : "is not there"
            diagnostics.error("\(file.description) \(fault)", at: file.location)
            return
        }
    }

    private static func checkAuditKey(_ file: NamedFile, into diagnostics: Diagnostics) {
        guard let bytes = FileManager.default.contents(atPath: file.path), AuditKey(bytes) == nil else { return }
        diagnostics.error(
            "\(file.description) is no key for the audit log: it must have at least \(AuditKey.bytesMin) bytes",
            at: file.location)
    }

    private static func loadPolicy(
        _ named: [NamedFile], _ mesh: GatewayConfiguration.Mesh?, into diagnostics: Diagnostics
    ) -> PolicyDocument? {
        let files = named.compactMap { file in read(file, into: diagnostics).map { (name: file.path, text: $0) } }
        guard !files.isEmpty else { return nil }
        let policy = PolicyLoader.load(files, isWhole: files.count == named.count, into: diagnostics)
        guard let policy, let mesh else { return policy }
        let errorsBefore = diagnostics.errors.count
        PolicyTrustDomains.check(
            policy, own: mesh.trustDomain, aliases: mesh.trustDomainAliases, federated: mesh.federatedTrustDomains,
            into: diagnostics)
        return diagnostics.errors.count == errorsBefore ? policy : nil
    }

    private static func read(_ file: NamedFile, into diagnostics: Diagnostics) -> String? {
        read(file.path, named: file.description, at: file.location, into: diagnostics)
    }

    private static func read(
        _ path: String, named name: String, at location: SourceLocation?, into diagnostics: Diagnostics
    ) -> String? {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            diagnostics.error(
                "\(name) \(isThere ? "cannot be read as UTF-8 text" : "is not there")", at: location)
            return nil
        }
    }

    // MARK: changes

    /// Whether a policy file or key file is another than when this was last asked.
    func haveChanged() -> Bool {
        // Every file is asked, so that one change does not hide another until later.
        let policies = watched.withLock { files in
            files.indices.reduce(false) { changed, index in files[index].hasChanged() || changed }
        }
        let authorizations = authorization.haveChanged()
        let administration = adminAuthorization.haveChanged()
        return keyFiles.reduce(policies || authorizations || administration) { changed, file in
            file?.hasChanged() == true || changed
        }
    }

    /// Reads policies and key files anew; what is wrong stays out, and what was in force stays in force.
    ///
    /// - Parameter isAsked: whether certificates are read again too; those are otherwise watched on their own.
    func reload(_ parts: NodeParts, isAsked: Bool) async -> [Diagnostic] {
        let diagnostics = Diagnostics()
        // What is read now needs no second reload by whoever watches the files.
        _ = haveChanged()
        authorization.noteRead()
        if let policy = Self.loadPolicy(policyFiles, mesh, into: diagnostics) {
            parts.activate(policy)
        }
        if let policies = authorization.load(into: diagnostics) {
            // First, so that no rule counts on keys that nobody has asked for.
            await parts.policyIssuers.apply(policies)
            parts.authorization.replace(policies)
        }
        if let policies = adminAuthorization.load(into: diagnostics) {
            parts.adminAuthorization.replace(policies)
        }
        for (index, file) in keyFiles.enumerated() where file != nil {
            let status = await parts.keys.refreshers[index].reload(waitingMilliseconds: 3_000)
            if let failure = status.lastFailure {
                diagnostics.error("keys of '\(status.issuer)': \(failure)", at: nil)
            }
        }
        parts.noteReload(diagnostics)
        guard isAsked else { return diagnostics.sorted }
        for fault in parts.refreshCertificates(isAsked: true) { diagnostics.error(fault, at: nil) }
        diagnostics.add(await parts.lookAtKeys())
        return diagnostics.sorted
    }
}

extension GatewayConfiguration.Agent {
    /// The agent as the directory takes it.
    fileprivate func configured(_ diagnostics: Diagnostics) -> ConfiguredAgent? {
        var parsed: [ConfiguredAgent.Instance] = []
        for instance in instances {
            do throws(InstanceURLError) {
                var url = try InstanceURL(parsing: instance.url)
                url.principal = principal
                parsed.append(.init(id: instance.id, url: url))
            } catch {
                diagnostics.error("agent '\(name)': url '\(instance.url)' \(error)", at: nil)
            }
        }
        guard parsed.count == instances.count else { return nil }
        return ConfiguredAgent(
            definition: AgentDefinition(
                name: name, nodeId: nodeId, nodePriority: nodePriority,
                capabilities: intents.map { Capability(intent: $0.name, version: $0.version) }),
            instances: parsed)
    }
}
