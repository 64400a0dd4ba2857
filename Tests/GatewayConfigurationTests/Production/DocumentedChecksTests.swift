import Foundation
import GatewayConfiguration
import Testing

/// The guide `FitForProduction` against the checks of the code.
@Suite("The guide of the production checklist")
struct DocumentedChecksTests {
    private static func guide() throws -> String {
        let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = root.appending(path: "Sources/intentusnet/intentusnet.docc/FitForProduction.md")
        return try String(contentsOf: file, encoding: .utf8).replacingOccurrences(of: "\\|", with: "|")
    }

    /// What the guide says of each check, by its id.
    private static func chapters(_ guide: String) -> [(id: String, text: String)] {
        guide.components(separatedBy: "\n### ").dropFirst().map { chapter in
            let lines = chapter.split(separator: "\n", maxSplits: 1)
            return (String(lines[0]), String(lines.last ?? ""))
        }
    }

    @Test("it has a chapter for every check, in their order, with their titles")
    func everyCheck() throws {
        let chapters = Self.chapters(try Self.guide())
        #expect(chapters.map(\.id) == ProductionCheck.all.map(\.id))
        for (chapter, check) in zip(chapters, ProductionCheck.all) {
            #expect(chapter.text.contains(check.title + "."), "\(check.id)")
        }
    }

    @Test(
        "what a check can find stands in its chapter, with its outcome and the remedy",
        arguments: ProductionCheckTests.cases)
    func everyFinding(_ given: ProductionCase) throws {
        let chapters = Dictionary(uniqueKeysWithValues: Self.chapters(try Self.guide()).map { ($0.id, $0.text) })
        for finding in try given.findings() where finding.outcome != .ok {
            // The name of the ring differs.
            let remedy = (finding.remedy ?? "").components(separatedBy: " --add-to ")[0]
            let row = chapters[finding.id]?.split(separator: "\n").contains { line in
                line.hasPrefix("| \(finding.outcome.rawValue) |") && line.contains(remedy)
            }
            #expect(row == true, "\(finding) is not in the guide")
        }
    }
}
