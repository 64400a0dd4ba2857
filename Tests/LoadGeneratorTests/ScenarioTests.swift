import Documents
import Foundation
import IntentProtocol
import LoadGenerator
import Testing

@Suite("Scenario files")
struct ScenarioTests {
    static let minimal = """
        targets: [{ url: "http://127.0.0.1:8080" }]
        arrivals: [{ rate: 10, seconds: 1 }]
        mix: [{ intent: Sum }]

        """

    static let full = """
        targets:
          - { url: "http://127.0.0.1:8080", name: one, weight: 2 }
          - { url: "https://gateway:8443" }
        arrivals:
          - { rate: 100, seconds: 10 }
          - { rate: 100, endRate: 500.5, seconds: 60 }
          - { rate: 100, seconds: 30, spikes: { rate: 2000, everySeconds: 10, lastSeconds: 0.5 } }
        spacing: poisson
        warmUpSeconds: 5
        mix:
          - { intent: SummarizeIntent, payload: { text: hello, n: 1.50, deep: [true, null] }, weight: 3 }
          - { name: pay, intent: Pay, version: "2.1", payloadFile: pay.json, priority: high, callers: [acme] }
        callers:
          - { name: acme, tokenFile: acme.txt, weight: 2 }
          - { name: env, tokenVariable: TOKEN }
          - { name: many, mint: { keyFile: key.pem, tenant: "t-#", count: 100 } }
        tls: { certificateFile: c.pem, keyFile: k.pem, trustBundleFiles: [ca.pem], gatewayPrincipal: cluster.local/ns/a/sa/b }
        keyRingFile: ring.json
        connections: 10
        threads: 2
        timeoutMilliseconds: 1000
        inFlightMax: 500
        seed: 42
        failIf: ["p99>50ms", "errors>0.1%"]
        """

    @Test("everything that can be said is read")
    func everything() throws {
        let scenario = try Scenario.read(Self.full, file: "load.yaml")
        #expect(scenario.targets.map(\.name) == ["one", nil] && scenario.targets[0].weight == 2)
        #expect(scenario.arrivals[1].endRate == 500.5 && scenario.arrivals[2].spikes?.lastSeconds == 0.5)
        #expect(scenario.spacing == .poisson && scenario.warmUpSeconds == 5 && scenario.seed == 42)
        #expect(scenario.mix[1].callers == ["acme"] && scenario.mix[1].version == "2.1")
        #expect(scenario.mix[0].payload?["n"]?.encoded == Array("1.50".utf8), "a number keeps its digits")
        #expect(scenario.callers[2].mint?.count == 100 && scenario.tls?.gatewayPrincipal != nil)
        #expect(scenario.failIf.count == 2 && scenario.inFlightMax == 500)
        let defaults = try Scenario.read(Self.minimal, file: "load.yaml")
        #expect(defaults.connections == 64 && defaults.threads == 1 && defaults.timeoutMilliseconds == 5_000)
    }

    @Test("flags take the place of keys, arrivals that of a replay, and are held to the same bounds")
    func flags() throws {
        let replay = Self.minimal.replacing("arrivals: [{ rate: 10, seconds: 1 }]", with: "replay: { file: t.txt }")
        let scenario = try Scenario.read(
            replay, file: "load.yaml", flags: #"{"arrivals":[{"rate":5,"seconds":2}],"connections":3}"#)
        #expect(scenario.replay == nil && scenario.arrivals.first?.rate == 5 && scenario.connections == 3)
        #expect {
            _ = try Scenario.read(Self.minimal, file: "load.yaml", flags: #"{"connections":0}"#)
        } throws: { "\($0)" == "error: connections must be an integer from 1 to 50000, found the integer 0" }
    }

    @Test(
        "what is wrong is refused, with its place and what would be right",
        arguments: [
            ("conections: 3", "load.yaml:4:1: error: unknown key 'conections'; did you mean 'connections'?"),
            ("mix: [{ intent: Sum, wieght: 1 }]", "error: unknown key 'wieght'; did you mean 'weight'?"),
            ("mix: [{ payload: {} }]", "error: mix[0].intent is required"),
            ("mix: [{ intent: Sum, payload: [1] }]", "error: mix[0].payload must be a mapping"),
            ("mix: [{ intent: Sum, version: 1.0 }]", "put it in quotes"),
            ("mix: [{ intent: Sum, payload: {}, payloadFile: x }]", "exclude each other"),
            ("mix: [{ intent: Sum, callers: [x] }]", "no caller has the name 'x'"),
            ("mix: [{ intent: Sum }, { intent: Sum }]", "two have the name 'Sum:1.0'"),
            ("mix: [{ intent: Sum, weight: 0 }]", "one weight at least must be above 0"),
            ("mix: [{ intent: Sum, priority: urgent }]", "error: mix[0].priority must be one of"),
            ("targets: []", "error: targets must have one entry at least"),
            ("targets: [{ weight: 1 }]", "error: targets[0].url is required"),
            ("arrivals: [{ rate: 10 }]", "error: arrivals[0].seconds is required"),
            ("arrivals: [{ rate: -1, seconds: 1 }]", "error: arrivals[0].rate must be a number from 0 to 10000000"),
            ("arrivals: []", "give either arrivals or replay"),
            ("replay: { file: x }", "give either arrivals or replay"),
            (
                "arrivals: [{ rate: 1, seconds: 9, endRate: 2, spikes: { rate: 9, everySeconds: 2, lastSeconds: 1 } }]",
                "exclude"
            ),
            (
                "arrivals: [{ rate: 1, seconds: 9, spikes: { rate: 9, everySeconds: 1, lastSeconds: 1 } }]",
                "less than everySeconds"
            ),
            ("callers: [{ name: a, tokenFile: x, tokenVariable: y }]", "exclude each other"),
            ("callers: [{ name: a, mint: { count: 2 } }]", "error: callers[0].mint.keyFile is required"),
            ("tls: { certificateFile: c }", "belong together"),
            ("tls: { gatewayPrincipal: cluster.local/ns/a/sa/b }", "needs tls.trustBundleFiles"),
            ("failIf: [p99]", "has no comparison"),
            ("threads: 65", "error: threads must be an integer from 1 to 64"),
            ("spacing: random", "error: spacing must be one of uniform, poisson"),
        ])
    func refused(line: String, message: String) {
        let key = line.prefix { $0 != ":" }
        let kept = Self.minimal.split(separator: "\n").filter { !$0.hasPrefix("\(key):") }.joined(separator: "\n")
        #expect {
            _ = try Scenario.read("\(kept)\n\(line)\n", file: "load.yaml")
        } throws: { error in
            guard "\(error)".contains(message), "\(error)".hasPrefix("load.yaml:") else {
                Issue.record("\(error)")
                return false
            }
            return true
        }
    }

    @Test("a replay has no rate to warm up with")
    func replayWarmUp() {
        let text = Self.minimal.replacing(
            "arrivals: [{ rate: 10, seconds: 1 }]", with: "replay: { file: t.txt }\nwarmUpSeconds: 1")
        #expect(throws: DiagnosticError.self) { try Scenario.read(text, file: "load.yaml") }
    }

    @Test("the guide lists every key as the reader knows it")
    func guide() throws {
        let guide = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Sources/intentusnet/intentusnet.docc/LoadTests.md")
        let rows = Scenario.reference.map { row in
            "| `\(row.path)` | \(row.type) | \(row.defaultText ?? "") | \(row.meaning) |"
        }
        let table = (["| key | value | default | meaning |", "|---|---|---|---|"] + rows).joined(separator: "\n")
        let text = try String(contentsOf: guide, encoding: .utf8)
        if !text.contains(table), let path = ProcessInfo.processInfo.environment["INTENTUSNET_TEST_WRITE_REFERENCE"] {
            try table.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(
            text.contains(table),
            "set INTENTUSNET_TEST_WRITE_REFERENCE=FILE to have the current table written, and paste it")
        // The scenarios that the guide shows are scenarios.
        for example in text.matches(of: #/```yaml\n((?:.|\n)*?)```/#) {
            _ = try Scenario.read(String(example.1), file: "example.yaml")
        }
        for key in try LoadResultKeys.all() { #expect(text.contains("`\(key)`"), "the guide does not name \(key)") }
    }
}
