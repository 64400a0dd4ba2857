import Documents
import Foundation
import RedisFixtures

/// What `kubectl kustomize` makes of a folder below k8s/.
struct Rendered {
    let name: String
    /// The file with all documents.
    let file: String
    let documents: [DocumentNode]

    /// Every folder that is applied as it stands.
    static let all = [
        "base", "overlays/dev", "overlays/production", "overlays/istio", "overlays/redis-cluster", "load",
    ]

    init(_ name: String, in folder: PrivateFolder) throws {
        self.name = name
        file = folder.file(name.replacing("/", with: "-") + ".yaml")
        _ = try SpawnedProcess.run(
            [Workplace.tool("kubectl"), "kustomize", Workplace.path("k8s/\(name)"), "-o", file], in: folder)
        documents = try DocumentParser.yamlStream(String(contentsOfFile: file, encoding: .utf8), file: file)
    }

    func all(_ kind: String) -> [DocumentNode] { documents.filter { $0.text("kind") == kind } }

    func one(_ kind: String, _ name: String) throws -> DocumentNode {
        guard let found = all(kind).first(where: { $0.text("metadata", "name") == name }) else {
            throw FixtureError("\(self.name) has no \(kind) \(name)")
        }
        return found
    }

    /// A key of a ConfigMap; generated ones have a hash behind their name.
    func configuration(_ name: String, _ key: String) throws -> String {
        let found = all("ConfigMap").first { map in
            guard let full = map.text("metadata", "name") else { return false }
            return full == name || (full.hasPrefix(name + "-") && !full.dropFirst(name.count + 1).contains("-"))
        }
        guard let text = found?.text("data", key) else { throw FixtureError("\(self.name): no \(name) \(key)") }
        return text
    }

    /// The pods' templates of every workload, by its name.
    var templates: [(name: String, template: DocumentNode)] {
        ["Deployment", "StatefulSet", "Job"].flatMap { all($0) }.compactMap { workload in
            guard let name = workload.text("metadata", "name"), let template = workload.at("spec", "template") else {
                return nil
            }
            return (name, template)
        }
    }
}

extension DocumentNode {
    /// A value some keys down.
    func at(_ keys: String...) -> DocumentNode? { keys.reduce(self) { $0?[$1] } }

    /// The text of a scalar some keys down, numbers as they stand.
    func text(_ keys: String...) -> String? { keys.reduce(self) { $0?[$1] }?.scalar?.text }

    func integer(_ keys: String...) -> Int? { keys.reduce(self) { $0?[$1] }?.scalar.flatMap { Int($0.text) } }

    func list(_ keys: String...) -> [DocumentNode] { keys.reduce(self) { $0?[$1] }?.sequence ?? [] }

    /// The texts of a list some keys down.
    func texts(_ keys: String...) -> [String] {
        (keys.reduce(self) { $0?[$1] }?.sequence ?? []).compactMap { $0.scalar?.text }
    }

    /// Names and texts of a mapping some keys down, such as labels.
    func pairs(_ keys: String...) -> [String: String] {
        let members = keys.reduce(self) { $0?[$1] }?.mapping ?? []
        return Dictionary(members.compactMap { member in member.value.scalar.map { (member.key, $0.text) } }) { $1 }
    }

    /// The first entry of a list that has such a name.
    func named(_ name: String, in keys: String...) -> DocumentNode? {
        keys.reduce(self) { $0?[$1] }?.sequence?.first { $0.text("name") == name }
    }
}
