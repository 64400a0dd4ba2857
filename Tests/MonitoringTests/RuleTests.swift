import Foundation
import RedisFixtures
import Testing

/// The rules by themselves: as promtool reads them, and beside the runbook.
@Suite("Alert rules", .enabled(if: Prometheus.isInstalled, "prometheus is not installed"))
struct RuleTests {
    private static let cases = RuleFile.root.appending(path: "Tests/Vectors/prometheus/alerts.test.yaml")

    @Test("promtool finds nothing wrong with them, in their own time and in that of the tests")
    func check() throws {
        let folder = try PrivateFolder()
        let rules = try RuleFile()
        for (name, text) in [("rules.yaml", rules.text), ("short.yaml", try rules.shortened())] {
            let output = try SpawnedProcess.run(
                ["promtool", "check", "rules", "--lint-fatal", try folder.write(name, text)], in: folder)
            #expect(output.contains("SUCCESS"), "\(output)")
        }
    }

    @Test("each one is silent, fires behind its time, and is silent again")
    func cases() throws {
        let folder = try PrivateFolder()
        let rules = try RuleFile()
        _ = try folder.write("rules.yaml", rules.textWithoutAnnotations)
        let cases = try String(contentsOf: Self.cases, encoding: .utf8)
        let output = try SpawnedProcess.run(
            ["promtool", "test", "rules", try folder.write("alerts.test.yaml", cases)], in: folder,
            withinMilliseconds: 120_000)
        #expect(output.contains("SUCCESS"), "\(output)")
        for alert in rules.alerts {
            let count = cases.components(separatedBy: "alertname: \(alert)\n        exp_alerts: [{").count - 1
            #expect(count > 0, "\(alert) is never made to fire in \(Self.cases.lastPathComponent)")
        }
    }

    @Test(
        "every alert says what it is, how grave, and where it is explained; the runbook explains each, and nothing else"
    )
    func runbook() throws {
        let rules = try RuleFile()
        let names = rules.alerts
        #expect(Set(names).count == names.count && names.count >= 18)
        for key in ["summary:", "description:", "runbook_url:", "for:", "severity:"] {
            #expect(rules.values(of: key).count == names.count, "\(key) is not there once for each alert")
        }
        #expect(Set(rules.values(of: "severity:")) == ["critical", "warning"])
        let page = "Sources/intentusnet/intentusnet.docc/Runbook.md"
        #expect(rules.values(of: "runbook_url:") == names.map { "\(page)#\($0.lowercased())" })
        let text = try String(contentsOf: RuleFile.root.appending(path: page), encoding: .utf8)
        let entries = text.split(separator: "\n## ").dropFirst().filter { $0.hasPrefix("Intentusnet") }
        #expect(entries.map { String($0.prefix { !$0.isNewline }) } == names, "the entries, in the order of the alerts")
        for entry in entries {
            for part in ["**Means.**", "**Look first.**", "**Do.**", "**Verify.**"] {
                #expect(entry.contains(part), "\(entry.prefix { !$0.isNewline }) has no \(part)")
            }
        }
    }

    @Test("every metric that a rule asks for is one that gateways tell")
    func metrics() throws {
        let known = try MetricsPage().rows.map(\.name)
        let text = try RuleFile().text
        let asked = Set(text.matches(of: #/\bintentusnet_[a-z0-9_]+/#).map { String($0.output) })
        for name in asked {
            let family = name.replacing(#/_(bucket|count|sum)$/#, with: "")
            #expect(known.contains(name) || known.contains(family), "\(name) is no metric")
        }
        #expect(asked.count > 15)
    }
}
