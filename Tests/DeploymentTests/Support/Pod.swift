import Documents
import Foundation
import RedisFixtures
import Synchronization

/// A container of a rendered workload, started on this machine with the files, arguments and variables of its manifest.
///
/// Only what has to be another here is: the folder that the files lie below, names of services, and ports.
final class Pod: Sendable {
    let folder: PrivateFolder
    /// Where the pod's files lie; `/etc/intentusnet` of the container is below it.
    let root: String
    private let template: DocumentNode
    private let replaced: [(String, String)]
    private let process = Mutex<SpawnedProcess?>(nil)
    let workload: String

    /// Lays out the files.
    ///
    /// - Parameters:
    ///   - folder: shared by the pods of a test, whose authority it holds.
    ///   - replaced: texts of files and arguments that are others on this machine.
    init(
        _ workload: String, of rendered: Rendered, in folder: PrivateFolder, secrets: String?, instance: Int = 0,
        replaced: [(String, String)] = []
    ) throws {
        self.workload = workload
        self.folder = folder
        root = folder.file("\(workload)-\(instance)")
        var replaced = replaced
        for place in ["/etc/intentusnet", "/etc/redis", "/data"] { replaced.append((place, root + place)) }
        self.replaced = replaced
        try Workplace.run(tool: "pod.py", [rendered.file, workload, root] + (secrets.map { [$0] } ?? []), in: folder)
        guard let template = rendered.templates.first(where: { $0.name == workload })?.template else {
            throw FixtureError("no workload \(workload)")
        }
        self.template = template
        try FileManager.default.createDirectory(atPath: root + "/data", withIntermediateDirectories: true)
        try rewrite(root + "/etc")
    }

    deinit { process.withLock { $0.take() }?.kill9() }

    /// The secrets that `k8s/make-secrets` makes, in a file.
    static func secrets(in folder: PrivateFolder) throws -> String {
        let text = try SpawnedProcess.run(
            ["bash", Workplace.path("k8s/make-secrets"), "--binary", try BuiltCommand.path], in: folder)
        return try folder.write("secrets.yaml", text)
    }

    func container(_ name: String) throws -> DocumentNode {
        guard let container = template.named(name, in: "spec", "containers") else {
            throw FixtureError("\(workload) has no container \(name)")
        }
        return container
    }

    /// The arguments of a container with the values of this machine; what stands in `$(…)` is given.
    func arguments(_ name: String, variables: [String: String] = [:]) throws -> [String] {
        try container(name).texts("args").map { word in
            substituted(variables.reduce(word) { $0.replacing("$(\($1.key))", with: $1.value) })
        }
    }

    /// The command of an exec probe.
    func probe(_ probe: String, of name: String) throws -> [String] {
        let words = try container(name).texts(probe, "exec", "command")
        guard let first = words.first else { throw FixtureError("\(workload): \(probe) runs nothing") }
        return [first == "intentusnet" ? try BuiltCommand.path : first] + words.dropFirst().map(substituted)
    }

    func start(_ words: [String]) throws {
        let started = try SpawnedProcess(words, log: log)
        process.withLock { $0 = started }
    }

    /// Sends SIGTERM and waits.
    func stop() throws -> Int32 {
        guard let running = process.withLock({ $0.take() }) else { return 0 }
        running.signal(SIGTERM)
        return try running.waitForEnd(milliseconds: 30_000)
    }

    var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }
    var log: String { root + ".log" }
    var lastWords: String { folder.tail(of: URL(filePath: log).lastPathComponent, characters: 3_000) }

    /// Waits until something holds, and tells the log when it does not.
    func wait(for what: String, milliseconds: Int = 20_000, until condition: () throws -> Bool) throws {
        do {
            try Deadline.wait(for: what, milliseconds: milliseconds) {
                guard isRunning else { throw FixtureError("\(workload) ended") }
                return try condition()
            }
        } catch { throw FixtureError("\(error)\n\(lastWords)") }
    }

    func substituted(_ text: String) -> String { replaced.reduce(text) { $0.replacing($1.0, with: $1.1) } }

    /// Puts this machine's values into every text file; keys and certificates hold none of them.
    private func rewrite(_ folder: String) throws {
        for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() {
            let file = folder + "/" + name
            guard ["yaml", "conf", "acl", "sh"].contains(URL(filePath: name).pathExtension) else { continue }
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let permissions = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            try substituted(text).write(toFile: file, atomically: true, encoding: .utf8)
            try FileManager.default.setAttributes([.posixPermissions: permissions ?? 0o440], ofItemAtPath: file)
        }
    }
}
