import Documents
import Foundation
import GatewayConfiguration
import Identity
import IntentPolicy
import KeySources
import Routing
import Synchronization

/// The files of a node: read at the start, watched while it runs, read again when they change.
final class NodeFiles: Sendable {
    /// What a configuration file and the files that it names amount to.
    struct Loaded {
        let configuration: GatewayConfiguration
        let policy: PolicyDocument
        let agents: [ConfiguredAgent]
        let files: NodeFiles
        let tls: NodeTLS
    }

    private let policyPaths: [String]
    private let watched: Mutex<[WatchedFile]>
    let keyFiles: [FileKeySetSource?]

    private init(_ configuration: GatewayConfiguration) {
        policyPaths = configuration.policy.files
        watched = Mutex(configuration.policy.files.map(WatchedFile.init))
        keyFiles = configuration.authentication.issuers.map { $0.jwks.file.map(FileKeySetSource.init) }
    }

    /// Reads everything and notes every error and warning; nil when there is an error.
    static func load(
        configurationFile: String, environment: [String: String], into diagnostics: Diagnostics
    ) -> Loaded? {
        guard let text = read(configurationFile, into: diagnostics) else { return nil }
        let reading = GatewayConfiguration.read(text, file: configurationFile, environment: environment)
        diagnostics.add(reading.diagnostics)
        guard let configuration = reading.configuration else { return nil }
        let agents = configuration.agents.compactMap { $0.configured(diagnostics) }
        // Noted before they are read: a file that changes in between is then read again, not missed.
        let files = NodeFiles(configuration)
        let policy = loadPolicy(configuration.policy.files, into: diagnostics)
        for path in configuration.authentication.issuers.compactMap(\.jwks.file) { checkKeys(path, into: diagnostics) }
        let tls = NodeTLS.load(configuration, into: diagnostics)
        guard let policy, let tls, !diagnostics.hasErrors else { return nil }
        return Loaded(configuration: configuration, policy: policy, agents: agents, files: files, tls: tls)
    }

    private static func checkKeys(_ path: String, into diagnostics: Diagnostics) {
        guard let text = read(path, into: diagnostics) else { return }
        do throws(KeySetError) {
            _ = try KeySet(parsingJWKS: Array(text.utf8))
        } catch {
            diagnostics.error("'\(path)' cannot be used as a key set: \(error)", at: nil)
        }
    }

    private static func loadPolicy(_ paths: [String], into diagnostics: Diagnostics) -> PolicyDocument? {
        let files = paths.compactMap { path in read(path, into: diagnostics).map { (name: path, text: $0) } }
        guard files.count == paths.count else { return nil }
        return PolicyLoader.load(files, into: diagnostics)
    }

    private static func read(_ path: String, into diagnostics: Diagnostics) -> String? {
        do {
            return try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            diagnostics.error("'\(path)' cannot be read as UTF-8 text", at: nil)
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
        return keyFiles.reduce(policies) { changed, file in file?.hasChanged() == true || changed }
    }

    /// Reads policies and key files anew; what is wrong stays out, and what was in force stays in force.
    ///
    /// - Parameter isAsked: whether certificates are read again too; those are otherwise watched on their own.
    func reload(_ parts: NodeParts, isAsked: Bool) async -> [Diagnostic] {
        let diagnostics = Diagnostics()
        if let policy = Self.loadPolicy(policyPaths, into: diagnostics) {
            parts.activate(policy)
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
