import Authorization
import CertificateFiles
import Documents
import Foundation
import GatewayConfiguration
import Synchronization

/// The files of the policies of a plane: single ones, and all of a folder.
final class AuthorizationFiles: Sendable {
    /// What the policies judge.
    enum Plane: Sendable {
        /// Intents and registrations, by every resource of the mesh.
        case data
        /// The admin API, by AuthorizationPolicies alone.
        case admin
    }

    /// What selectors may ask of the admin plane, besides the labels of `mesh`.
    static let adminLabel = (name: "intentusnet.io/plane", value: "admin")

    private static let filesMax = 1_000
    private static let bytesMax = 16 * 1_024 * 1_024

    private let named: [NamedFile]
    private let mesh: MeshSettings
    private let workload: Workload
    private let plane: Plane
    /// What resources are held against; nil where the configuration itself cannot be read.
    private let configuration: GatewayConfiguration?
    private let emptyFiles: AuthorizationLoader.EmptyFiles
    private let watch: Mutex<Watch>

    private struct Watch {
        var files: [WatchedFile]
        /// How often changes have been seen one look after the other; 0 when all was read.
        var changesSeen = 0

        mutating func look(_ names: [String]) -> Bool {
            let isSame = files.map(\.path) == names
            if !isSame { files = names.map(WatchedFile.init) }
            // Every file is asked, so that one change does not hide another until later.
            return files.indices.reduce(!isSame) { changed, index in files[index].hasChanged() || changed }
        }
    }

    /// Looks after which changed files are read though they go on changing.
    private static let changesSeenMax = 20

    /// Names the files; they are read by ``load(into:)``.
    init(_ named: [NamedFile], _ configuration: GatewayConfiguration?, _ plane: Plane = .data) {
        self.named = named
        self.plane = plane
        let place = configuration?.mesh ?? GatewayConfiguration.Mesh()
        mesh = MeshSettings(place)
        workload =
            switch plane {
            case .data: Workload(place)
            case .admin: Workload(place, additional: Self.adminLabel)
            }
        self.configuration = configuration
        emptyFiles = configuration?.authorization.allowsEmpty == true ? .accept : .refuse
        watch = Mutex(Watch(files: named.flatMap { Self.expand($0.path) }.map(WatchedFile.init)))
    }

    /// Whether there are any; decided by the configuration for the whole life of a node.
    var isConfigured: Bool { !named.isEmpty }

    /// Reads all of them; nil when anything in them is wrong, or none is configured.
    func load(into diagnostics: Diagnostics) -> CompiledAuthorization? {
        guard isConfigured else { return nil }
        let errorsBefore = diagnostics.errors.count
        var files: [(name: String, text: String)] = []
        for place in named { files += read(place, into: diagnostics) }
        if files.count > Self.filesMax || files.reduce(0, { $0 + $1.text.utf8.count }) > Self.bytesMax {
            diagnostics.error(
                "\(named[0].key): more than \(Self.filesMax) files or \(Self.bytesMax) bytes together",
                at: named[0].location)
            return nil
        }
        let documents = AuthorizationLoader.load(
            files, defaultNamespace: workload.namespace, emptyFiles: emptyFiles, into: diagnostics)
        guard let documents, diagnostics.errors.count == errorsBefore else { return nil }
        let compiled = CompiledAuthorization(documents, mesh: mesh, workload: workload)
        switch plane {
        case .admin: refuseResources(documents, into: diagnostics)
        case .data:
            guard let configuration else { break }
            ListenerModes(configuration).check(compiled, into: diagnostics)
            PolicyIssuer.check(compiled, configuration, into: diagnostics)
        }
        return diagnostics.errors.count == errorsBefore ? compiled : nil
    }

    /// How the admin plane is reached and whom it believes is in its configuration, and nowhere else.
    private func refuseResources(_ documents: AuthorizationDocuments, into diagnostics: Diagnostics) {
        let others =
            documents.requestAuthentications.map { ("RequestAuthentication", $0.metadata) }
            + documents.peerAuthentications.map { ("PeerAuthentication", $0.metadata) }
        for (kind, metadata) in others {
            diagnostics.error(
                "\(kind) \(metadata.fullName): policies of the admin API are AuthorizationPolicies; tokens and certificates are "
                    + "set by admin.access and admin.tls", at: metadata.location)
        }
    }

    private func read(_ place: NamedFile, into diagnostics: Diagnostics) -> [(name: String, text: String)] {
        guard FileManager.default.fileExists(atPath: place.path) else {
            diagnostics.error("\(place.description) is not there", at: place.location)
            return []
        }
        let paths = Self.expand(place.path)
        if paths.isEmpty {
            let finding = "\(place.description) is a folder without a .yaml, .yml or .json file: it says nothing"
            switch emptyFiles {
            case .accept: diagnostics.warning(finding, at: place.location)
            case .refuse:
                diagnostics.error(
                    "\(finding), so nothing would be forbidden; take it out of authorization.files, or set "
                        + "authorization.allowEmpty: true", at: place.location)
            }
        }
        return paths.prefix(Self.filesMax + 1).compactMap { path in
            guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
                diagnostics.error("'\(path)' cannot be read as UTF-8 text", at: place.location)
                return nil
            }
            return (path, text)
        }
    }

    /// Whether a file is another, is new or has gone since this was last asked, and none has changed since: half a file may be a
    /// whole one that forbids less.
    func haveChanged() -> Bool {
        guard isConfigured else { return false }
        let names = named.flatMap { Self.expand($0.path) }
        return watch.withLock { watch in
            if watch.look(names) {
                watch.changesSeen += 1
                guard watch.changesSeen >= Self.changesSeenMax else { return false }
            }
            defer { watch.changesSeen = 0 }
            return watch.changesSeen > 0
        }
    }

    /// Takes the files as they are now for those that are read next.
    func noteRead() {
        let names = named.flatMap { Self.expand($0.path) }
        watch.withLock { watch in
            _ = watch.look(names)
            watch.changesSeen = 0
        }
    }

    /// A folder as its files, in the order of their names; what begins with a dot is a mount's own business.
    private static func expand(_ path: String) -> [String] {
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

extension MeshSettings {
    init(_ mesh: GatewayConfiguration.Mesh) {
        self.init(
            rootNamespace: mesh.rootNamespace, trustDomain: mesh.trustDomain,
            trustDomainAliases: mesh.trustDomainAliases,
            pathNormalization: PathNormalization(rawValue: mesh.pathNormalization.rawValue) ?? .mergeSlashes)
    }
}

extension Workload {
    init(_ mesh: GatewayConfiguration.Mesh, additional: (name: String, value: String)? = nil) {
        var labels: [String: String] = [:]
        for label in mesh.labels {
            let parts = label.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            labels[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        if let additional { labels[additional.name] = additional.value }
        self.init(namespace: mesh.namespace, labels: labels)
    }
}
