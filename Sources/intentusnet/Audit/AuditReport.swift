import IntentProtocol
import Observability

/// What `audit verify` says.
struct AuditReport {
    enum Verdict: String {
        case whole, broken, unknown
    }

    private let result: AuditVerifier.Result
    let verdict: Verdict

    init(_ result: AuditVerifier.Result, isKeyGiven: Bool) {
        self.result = result
        let problems = result.findings.filter(\.isProblem)
        if problems.contains(where: { $0.kind != .key }) {
            verdict = .broken
        } else if !problems.isEmpty {
            // Without the key nothing can be said; a chain that does not fit the key that was given is not what it should be.
            verdict = isKeyGiven ? .broken : .unknown
        } else {
            verdict = result.chains.isEmpty ? .unknown : .whole
        }
    }

    var text: String {
        var lines = result.findings.map(\.description)
        for chain in result.chains {
            let key =
                chain.isKeyed ? "keyed" : "UNKEYED, so whoever could write to the log could also make it consistent"
            lines.append(
                "\(chain.node) \(chain.chain): \(chain.records) records, \(chain.firstSequence) to \(chain.lastSequence), "
                    + "\(chain.firstTime) to \(chain.lastTime), \(key); lost \(chain.lost), refused \(chain.refused); "
                    + "ends at \(chain.lastPlace), \(chain.end.rawValue), hash \(chain.lastHash.hex)")
        }
        let verdictText =
            switch verdict {
            case .whole: "whole: every record is what was written, and none is missing"
            case .broken: "BROKEN: \(result.problemCount) findings"
            case .unknown: result.chains.isEmpty && result.problemCount == 0 ? "no records" : "cannot be proven"
            }
        return (lines + [verdictText]).joined(separator: "\n") + "\n"
    }

    var json: String {
        let findings = result.findings.map { finding -> JSONValue in
            var members: JSONObject = ["kind": .string(finding.kind.rawValue), "message": .string(finding.message)]
            members["file"] = finding.place.map { .string($0.file) } ?? .null
            members["line"] = finding.place.map { .number(JSONNumber($0.line)) } ?? .null
            return .object(members)
        }
        let report: JSONValue = [
            "verdict": .string(verdict.rawValue), "problems": .number(JSONNumber(result.problemCount)),
            "chains": .array(result.chains.map(Self.json)), "findings": .array(findings),
        ]
        return String(decoding: report.encoded, as: UTF8.self) + "\n"
    }

    private static func json(_ chain: AuditChainReport) -> JSONValue {
        [
            "node": .string(chain.node), "chain": .string(chain.chain), "keyed": .bool(chain.isKeyed),
            "records": .number(JSONNumber(chain.records)), "firstSeq": .number(JSONNumber(Int(chain.firstSequence))),
            "lastSeq": .number(JSONNumber(Int(chain.lastSequence))), "firstTime": .string(chain.firstTime),
            "lastTime": .string(chain.lastTime), "lastHash": .string(chain.lastHash.hex),
            "lastFile": .string(chain.lastPlace.file), "lastLine": .number(JSONNumber(chain.lastPlace.line)),
            "end": .string(chain.end.rawValue), "lost": .number(JSONNumber(Int(clamping: chain.lost))),
            "refused": .number(JSONNumber(Int(clamping: chain.refused))),
        ]
    }
}
