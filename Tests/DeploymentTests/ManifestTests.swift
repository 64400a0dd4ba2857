import Foundation
import RedisFixtures
import Testing

/// Manifests held against what Kubernetes, the operators and checkov say of them.
@Suite("Manifests")
struct ManifestTests {
    @Test("every overlay renders, and every document fits the schemas of Kubernetes and of the operators")
    func schemas() throws {
        let folder = try PrivateFolder()
        let files = try Rendered.all.map { try Rendered($0, in: folder).file }
        let verdict = try Workplace.run(tool: "manifests.py", files, in: folder)
        let count = Int(verdict.prefix { $0 != " " }) ?? 0
        #expect(count > 150, "\(verdict)")
    }

    @Test(
        "a manifest that does not fit is told of",
        arguments: [
            ("containerPort: 8080", "containerPort: intents"), ("terminationGracePeriodSeconds: 45", "gracePeriod: 45"),
            ("rotationPolicy: Always", "rotationPolicy: Sometimes"), ("kind: ServiceMonitor", "kind: ServiceMonitors"),
            ("scrapeTimeout: 5s", "scrapeTimeout: five"),
        ])
    func schemasAreHeld(right: String, wrong: String) throws {
        let folder = try PrivateFolder()
        let text = try String(contentsOfFile: Rendered("base", in: folder).file, encoding: .utf8)
        #expect(text.contains(right))
        let broken = try folder.write("broken.yaml", text.replacing(right, with: wrong, maxReplacements: 1))
        #expect(throws: FixtureError.self) { try Workplace.run(tool: "manifests.py", [broken], in: folder) }
    }

    @Test("checkov finds nothing that is not explained where it stands")
    func checkov() throws {
        let folder = try PrivateFolder()
        for name in Rendered.all { _ = try Rendered(name, in: folder) }
        let environment = URL(fileURLWithPath: Workplace.python).deletingLastPathComponent().deletingLastPathComponent()
        let program = environment.appending(path: "checkov/bin/checkov").path
        // The exit code is 1 where a check fails and has no reason beside it.
        for words in [
            ["-d", folder.path, "--framework", "kubernetes"],
            ["-d", Workplace.path("docker"), "--framework", "dockerfile"],
        ] {
            let report = try SpawnedProcess.run(
                [program, "--compact", "--quiet", "-o", "json"] + words, in: folder, withinMilliseconds: 120_000)
            #expect(report.contains(#""failed": 0"#), "\(report.suffix(400))")
            #expect(!report.contains(#""passed": 0"#), "\(report.suffix(400))")
        }
        for reason in try Self.reasons() { #expect(reason.count > 30, "a reason is a sentence: \(reason)") }
    }

    private static func reasons() throws -> [String] {
        let folder = try PrivateFolder()
        return try Rendered.all.flatMap { try Rendered($0, in: folder).documents }.flatMap { document in
            document.pairs("metadata", "annotations").filter { $0.key.hasPrefix("checkov.io/skip") }.map {
                String($0.value.drop { $0 != "=" }.dropFirst())
            }
        }
    }
}
