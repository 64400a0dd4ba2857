import Documents
import GatewayConfiguration
import IntentProtocol

/// What `intentusnet check` says.
struct CheckReport {
    private(set) var findings: [Diagnostic]
    /// What was seen at the places that were looked at.
    private(set) var lines: [String] = []
    /// Nil where the checklist was not asked for.
    var production: [ProductionFinding]?

    init(findings: [Diagnostic]) { self.findings = findings }

    /// Adds what a look at another place found; what keeps the configuration from being read is told once.
    mutating func add(_ look: (lines: [String], findings: [Diagnostic])) {
        lines += look.lines
        let told = Set(findings.map(\.description))
        findings += look.findings.filter { !told.contains($0.description) }
    }

    private var errors: Int { findings.count { $0.severity == .error } }

    private func count(_ outcome: ProductionFinding.Outcome) -> Int {
        production?.count { $0.outcome == outcome } ?? 0
    }

    /// Whether there is neither an error nor a failure.
    var isGood: Bool { errors == 0 && count(.failure) == 0 }

    var text: String {
        var text = lines + findings.map(\.description)
        if let production {
            let width = ProductionFinding.Outcome.allCases.map(\.rawValue.count).max() ?? 0
            text += production.map { finding in
                let word = finding.outcome.rawValue
                return word + String(repeating: " ", count: width - word.count)
                    + String(finding.description.dropFirst(word.count))
            }
            text.append("production: \(count(.ok)) ok, \(count(.warning)) warnings, \(count(.failure)) failures")
        }
        text.append("\(errors) errors, \(findings.count - errors) warnings")
        return text.joined(separator: "\n")
    }

    var json: String {
        var report: JSONObject = [
            "isGood": .bool(isGood), "errors": .number(JSONNumber(errors)),
            "warnings": .number(JSONNumber(findings.count - errors)), "lines": .array(lines.map { .string($0) }),
            "findings": .array(findings.map(Self.json)),
        ]
        if let production {
            report["production"] = [
                "ok": .number(JSONNumber(count(.ok))), "warnings": .number(JSONNumber(count(.warning))),
                "failures": .number(JSONNumber(count(.failure))), "checks": .array(production.map(Self.json)),
            ]
        }
        return String(decoding: JSONValue.object(report).encoded, as: UTF8.self)
    }

    private static func json(_ finding: Diagnostic) -> JSONValue {
        [
            "severity": .string(finding.severity.rawValue), "message": .string(finding.message),
            "file": finding.location.map { .string($0.file) } ?? .null,
            "line": finding.location.map { .number(JSONNumber($0.line)) } ?? .null,
            "column": finding.location.map { .number(JSONNumber($0.column)) } ?? .null,
        ]
    }

    private static func json(_ finding: ProductionFinding) -> JSONValue {
        [
            "id": .string(finding.id), "outcome": .string(finding.outcome.rawValue), "place": .string(finding.place),
            "message": .string(finding.message), "remedy": finding.remedy.map { .string($0) } ?? .null,
        ]
    }
}
