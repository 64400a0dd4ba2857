import Authorization
import Documents
import Foundation
import GatewayConfiguration
import Synchronization

/// The files of the mesh's policies: single ones, and all of a folder.
final class AuthorizationFiles: Sendable {
    private static let filesMax = 1_000
    private static let bytesMax = 16 * 1_024 * 1_024

    private let paths: [String]
    private let mesh: MeshSettings
    private let workload: Workload
    private let watched: Mutex<[WatchedFile]>

    /// Names the files; they are read by ``load(into:)``.
    init(_ configuration: GatewayConfiguration) {
        paths = configuration.authorization.files
        mesh = MeshSettings(configuration.mesh)
        workload = Workload(configuration.mesh)
        watched = Mutex(Self.expand(configuration.authorization.files).map(WatchedFile.init))
    }

    /// Whether there are any; decided by the configuration for the whole life of a node.
    var isConfigured: Bool { !paths.isEmpty }

    /// Reads all of them; nil when anything in them is wrong, or none is configured.
    func load(into diagnostics: Diagnostics) -> CompiledAuthorization? {
        guard isConfigured else { return nil }
        let names = Self.expand(paths)
        guard names.count <= Self.filesMax else {
            diagnostics.error("authorization.files: more than \(Self.filesMax) files", at: nil)
            return nil
        }
        var bytes = 0
        var files: [(name: String, text: String)] = []
        for name in names {
            guard let text = try? String(contentsOfFile: name, encoding: .utf8) else {
                diagnostics.error("authorization.files: '\(name)' cannot be read as UTF-8 text", at: nil)
                continue
            }
            bytes += text.utf8.count
            files.append((name, text))
        }
        guard bytes <= Self.bytesMax else {
            diagnostics.error("authorization.files: more than \(Self.bytesMax) bytes together", at: nil)
            return nil
        }
        guard files.count == names.count,
            let documents = AuthorizationLoader.load(files, defaultNamespace: workload.namespace, into: diagnostics)
        else { return nil }
        if names.isEmpty {
            diagnostics.warning("authorization.files: the folders hold no .yaml, .yml or .json file", at: nil)
        }
        return CompiledAuthorization(documents, mesh: mesh, workload: workload)
    }

    /// Whether a file is another, is new or has gone since this was last asked.
    func haveChanged() -> Bool {
        guard isConfigured else { return false }
        let names = Self.expand(paths)
        return watched.withLock { files in
            let isSame = files.map(\.path) == names
            if !isSame { files = names.map(WatchedFile.init) }
            // Every file is asked, so that one change does not hide another until later.
            return files.indices.reduce(!isSame) { changed, index in files[index].hasChanged() || changed }
        }
    }

    /// Folders as their files, in the order of their names; what begins with a dot is a mount's own business.
    private static func expand(_ paths: [String]) -> [String] {
        paths.flatMap { path -> [String] in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
                return [path]
            }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return names.filter { name in
                !name.hasPrefix(".") && [".yaml", ".yml", ".json"].contains { name.lowercased().hasSuffix($0) }
            }.sorted().map { path + "/" + $0 }
        }
    }
}

extension MeshSettings {
    init(_ mesh: GatewayConfiguration.Mesh) {
        self.init(
            rootNamespace: mesh.rootNamespace, trustDomain: mesh.trustDomain,
            trustDomainAliases: mesh.trustDomainAliases,
            pathNormalization: PathNormalization(rawValue: mesh.pathNormalization.rawValue) ?? .mergeSlashes)
    }
}

extension Workload {
    init(_ mesh: GatewayConfiguration.Mesh) {
        var labels: [String: String] = [:]
        for label in mesh.labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            labels[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        self.init(namespace: mesh.namespace, labels: labels)
    }
}
