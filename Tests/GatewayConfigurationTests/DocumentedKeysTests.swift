import Foundation
import GatewayConfiguration
import Testing

@Suite("the configuration guide")
struct DocumentedKeysTests {
    private static let guide = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Sources/intentusnet/intentusnet.docc/Configuration.md")

    /// The table as the code has it.
    private static var table: String {
        let rows = GatewayConfiguration.reference.map { row in
            let fallback = row.defaultText.map { "`\($0)`" } ?? (row.isRequired ? "required" : "")
            let unit = row.unit.map { " (\($0))" } ?? ""
            let meaning = row.meaning.replacing("|", with: "\\|")
            return "| `\(row.path)` | \(row.type.replacing("|", with: "\\|"))\(unit) | \(fallback) | \(meaning) |"
        }
        return (["| key | value | default | meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n")
    }

    @Test("lists every key as the reader knows it")
    func keys() throws {
        let text = try String(contentsOf: Self.guide, encoding: .utf8)
        let isCurrent = text.contains(Self.table)
        if !isCurrent, let path = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_WRITE_REFERENCE"] {
            try Self.table.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(isCurrent, "set INTENTUSNET_TEST_WRITE_REFERENCE=FILE to have the current table written, and paste it")
    }
}
