import Foundation
import RedisFixtures

/// The alerts that are shipped, as Kubernetes takes them, and what Prometheus itself reads of them.
struct RuleFile {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let path = root.appending(path: "k8s/base/prometheus-rules.yaml")

    private let lines: [String]

    init() throws {
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        let all = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        guard let start = all.firstIndex(of: "spec:") else { throw FixtureError("no spec: in \(Self.path.path)") }
        // What stands below `spec:` is a rule file by itself.
        lines = all[(start + 1)...].map { $0.hasPrefix("  ") ? String($0.dropFirst(2)) : $0 }
    }

    /// As a rule file.
    var text: String { lines.joined(separator: "\n") }

    /// The same without annotations, which `promtool test rules` would want repeated in every case.
    var textWithoutAnnotations: String {
        var kept: [String] = []
        var depth: Int?
        for line in lines {
            let indentation = line.prefix { $0 == " " }.count
            if let above = depth, indentation > above || line.isEmpty { continue }
            depth = line.hasSuffix("annotations:") ? indentation : nil
            if depth == nil { kept.append(line) }
        }
        return kept.joined(separator: "\n")
    }

    /// The names of the alerts, in their order.
    var alerts: [String] { values(of: "- alert:") }

    /// The values of a key, in their order.
    func values(of key: String) -> [String] {
        lines.compactMap { line in
            let text = line.drop { $0 == " " }
            guard text.hasPrefix(key + " ") else { return nil }
            return String(text.dropFirst(key.count + 1))
        }
    }

    /// The same rules in the time of a test: every window and every `for` is another one, and nothing else.
    ///
    /// A window stays at least eight scrapes long, and longer ones stay longer than shorter ones.
    func shortened() throws -> String {
        let windows = [
            "5m": "4s", "10m": "5s", "30m": "5s", "1h": "6s", "2h": "6s", "6h": "7s", "1d": "7s", "3d": "8s",
        ]
        var text = self.text
        for (long, short) in windows { text = text.replacing("[\(long)]", with: "[\(short)]") }
        text = text.replacing(#/for: [1-9][0-9]*[mh]/#, with: "for: 1s").replacing("for: 0m", with: "for: 0s")
        guard !text.contains(#/\[[0-9]+[mhd]\]/#), !text.contains(#/for: [0-9]+[mhd]/#) else {
            throw FixtureError("a window or a `for` that has no short form")
        }
        return text
    }
}
