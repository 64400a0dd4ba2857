import AdminServer
import Documents
import Foundation
import IntentProtocol

extension NodeOperations {
    /// What `intentusnet check` says, of a text or of the file on disk; nothing is put in force.
    func check(_ text: String?, isJSON: Bool) async -> AdminReply {
        let (file, environment) = (configurationFile, environment)
        // Relative paths begin where those of the node's own file do.
        let name = (file as NSString).deletingLastPathComponent + "/submitted." + (isJSON ? "json" : "yaml")
        // Files are read: not on an event loop.
        let findings = await Task.detached {
            let diagnostics = Diagnostics()
            if let text {
                _ = await NodeFiles.load(
                    text, file: name, environment: environment, secrets: .check, into: diagnostics)
            } else {
                _ = await NodeFiles.load(
                    configurationFile: file, environment: environment, secrets: .check, into: diagnostics)
            }
            return diagnostics.sorted
        }.value
        return AdminReply(json(findings), detail: detail(findings))
    }

    /// As SIGHUP does, and says what came of it: what is wrong stays out, and what was in force stays.
    func reload() async -> AdminReply {
        let findings = await node.reload()
        var reply = AdminReply(json(findings), detail: detail(findings))
        if findings.contains(where: { $0.severity == .error }) { reply.status = 422 }
        return reply
    }

    private func detail(_ findings: [Diagnostic]) -> String {
        let errors = findings.count { $0.severity == .error }
        return "\(errors) errors, \(findings.count - errors) warnings"
    }

    private func json(_ findings: [Diagnostic]) -> JSONValue {
        let errors = findings.count { $0.severity == .error }
        return [
            "isAccepted": .bool(errors == 0), "errors": .number(JSONNumber(errors)),
            "warnings": .number(JSONNumber(findings.count - errors)), "findings": Self.list(findings),
        ]
    }

    static func list(_ findings: [Diagnostic]) -> JSONValue {
        .array(
            findings.map { finding -> JSONValue in
                [
                    "severity": .string(finding.severity.rawValue), "message": .string(finding.message),
                    "file": finding.location.map { .string($0.file) } ?? .null,
                    "line": finding.location.map { .number(JSONNumber($0.line)) } ?? .null,
                    "column": finding.location.map { .number(JSONNumber($0.column)) } ?? .null,
                ]
            })
    }
}
