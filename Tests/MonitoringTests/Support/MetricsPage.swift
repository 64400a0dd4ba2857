import Foundation

/// The reference of metrics, as its page has it.
struct MetricsPage {
    struct Row: Hashable, Comparable {
        let name: String
        let kind: String
        /// Names of labels, in the order of the page.
        let labels: [String]
        let unit: String
        let meaning: String

        static func < (left: Row, right: Row) -> Bool { left.name < right.name }

        var text: String {
            let labels = labels.map { "`\($0)`" }.joined(separator: ", ")
            return "| `\(name)` | \(kind) | \(labels) | \(unit) | \(meaning) |"
        }
    }

    static let path = RuleFile.root.appending(path: "Sources/intentusnet/intentusnet.docc/Metrics.md")
    let rows: [Row]

    init() throws {
        let text = try String(contentsOf: Self.path, encoding: .utf8)
        rows = text.split(separator: "\n").compactMap { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            guard cells.count == 7, cells[1].hasPrefix("`"), ["counter", "gauge", "histogram"].contains(cells[2]) else {
                return nil
            }
            let bare = { (cell: String) in cell.replacing("`", with: "") }
            return Row(
                name: bare(cells[1]), kind: cells[2],
                labels: cells[3].split(separator: ",").map { bare($0.trimmingCharacters(in: .whitespaces)) },
                unit: cells[4], meaning: cells[5])
        }
    }

    /// By the suffix of a name, as Prometheus' own advice has it.
    static func unit(of name: String) -> String {
        let stem = name.hasSuffix("_total") ? String(name.dropLast("_total".count)) : name
        for (suffix, unit) in [("_seconds", "s"), ("_bytes", "bytes"), ("_ratio", "ratio"), ("_tokens", "tokens")]
        where stem.hasSuffix(suffix) { return unit }
        return "1"
    }
}
