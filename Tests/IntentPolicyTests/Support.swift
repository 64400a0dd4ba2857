import Documents
import Foundation
import IntentPolicy
import IntentProtocol
import Testing

/// A policy out of a text that must be free of errors.
func policy(_ text: String, file: String = "policy.yaml") throws -> CompiledPolicy {
    let diagnostics = Diagnostics()
    let document = PolicyLoader.load([(file, text)], into: diagnostics)
    return CompiledPolicy(try #require(document, "\(diagnostics.sorted)"))
}

/// What the loader says about a text, one line for each finding, and whether it took the text.
func load(_ text: String, file: String = "policy.yaml") -> (isTaken: Bool, findings: [String]) {
    let diagnostics = Diagnostics()
    let document = PolicyLoader.load([(file, text)], into: diagnostics)
    return (document != nil, diagnostics.sorted.map(\.description))
}

/// A request of a user of a tenant, unless told otherwise.
func request(
    _ intent: String = "GetX", roles: [String] = ["user"], tenant: String? = "acme", subject: String? = "alice",
    payload: JSONObject = [:], source: String? = nil
) -> PolicyRequest {
    PolicyRequest(
        subject: subject, roles: roles, tenant: tenant, intent: intent,
        content: .values(payload: payload, source: source))
}

extension CompiledPolicy {
    /// `ALLOW rule`, `DENY default`, `FAULT rule`.
    func verdict(_ request: PolicyRequest, agent: String? = "a1") -> String {
        let decision = evaluate(request, agent: agent)
        let name = decision.rule.map { rules[$0].id } ?? "default"
        return "\(decision.isFault ? "FAULT" : decision.isAllowed ? "ALLOW" : "DENY") \(name)"
    }

    /// The limits of a decision as `rule:rate:burst:key`, shadow ones with a `~` in front.
    func limitTexts(_ request: PolicyRequest, agent: String? = "a1") -> [String] {
        evaluate(request, agent: agent).limits.map { place in
            let limit = limits[place]
            let key = keyText(place, request, agent: agent) ?? "-"
            return "\(limit.isShadow ? "~" : "")\(limit.ruleId):\(limit.ratePerMinute):\(limit.burst):\(key)"
        }
    }

    /// The ids of the shadow rules that would have decided otherwise.
    func dissenters(_ request: PolicyRequest, agent: String? = "a1") -> [String] {
        evaluate(request, agent: agent).shadowRules.map { rules[$0].id }
    }
}

/// The text of a file of vectors.
func vectors(_ name: String) throws -> String {
    let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
    return try String(contentsOf: folder.appending(path: "Vectors/intentusnet/\(name)"), encoding: .utf8)
}

/// A generator whose every run is the same.
struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The shortest of several runs: what a machine busy with other tests adds to one run is not the work's own time.
func fastest(of runs: Int = 5, _ body: () -> Void) -> Duration {
    let clock = ContinuousClock()
    var best = Duration.seconds(3_600)
    for _ in 0..<runs { best = min(best, clock.measure(body)) }
    return best
}
