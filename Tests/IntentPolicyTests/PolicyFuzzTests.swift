import Documents
import IntentPolicy
import IntentProtocol
import Testing

@Suite("fuzzed policies")
struct PolicyFuzzTests {
    private static let seeds = [
        PolicyLintTests.guide, "default: deny\n" + PolicyLimitTests.stacked,
        "dialect: exact\ndefault: allow\nrules:\n  - {id: a, action: deny, intents: Get, payload_regex: {a: '^x(y|z)*$'}, priority: '7'}\n",
        "default_action: ALLOW\nrate_limits: first\nrules:\n  - id: b\n    action: DENY\n    mode: shadow\n    payload_regex:\n      a.b: \"(?i)[a-z]{2,5}\"\n",
        #"{"version": "1.0", "default": "deny", "rules": [{"id": "r", "action": "ALLOW", "roles": [], "rate_limit_per_minute": 5}]}"#,
    ]
    private static let pieces = [
        "*", "**", "[]", "{}", "null", "~", "'", "\"", ": ", "- ", "\n  - ", "{tenant}", "{", "}", "(", ")", "(a+)+",
        "\\", "[", "]",
        "{1000}", "1e999", "-1", "9999999999999999999", "é", "😀", "\u{301}", "\u{0}", "roles: []", "action: X",
        "dialect: exact", "&a",
        "*a", "true", "intents", "mode: shadow", ", ", "(?P<n>x)", "\\1", "(*",
    ]

    @Test(
        "10,000 mutated files neither crash nor hang; what is taken decides, what is not has a place",
        .timeLimit(.minutes(3)))
    func mutations() {
        var generator = SplitMix64(seed: 20_261_123)
        var taken = 0
        let asked = [
            request(payload: ["a": "xyyyyz", "limit": 5000]), request("AdminX", roles: [], tenant: nil, subject: nil),
        ]
        let clock = ContinuousClock()
        for round in 0..<10_000 {
            let text = Self.mutated(Self.seeds[round % Self.seeds.count], &generator)
            let start = clock.now
            let diagnostics = Diagnostics()
            let file = round % 5 == 4 ? "f.json" : "f.yaml"
            if let document = PolicyLoader.load([(file, text)], into: diagnostics) {
                taken += 1
                #expect(!diagnostics.hasErrors)
                let policy = CompiledPolicy(document)
                for request in asked {
                    let decision = policy.evaluate(request, agent: "a1")
                    #expect(decision.isAllowed || decision.limits.isEmpty)
                    #expect(decision.rule.map { policy.rules.indices.contains($0) } ?? true)
                }
            } else {
                #expect(diagnostics.hasErrors)
                #expect(diagnostics.errors.allSatisfy { ($0.location?.line ?? 0) >= 1 })
            }
            #expect(clock.now - start < .seconds(2), "\(text)")
        }
        #expect(taken > 100)
    }

    private static func mutated(_ seed: String, _ generator: inout SplitMix64) -> String {
        var text = Array(seed.unicodeScalars)
        for _ in 0..<Int.random(in: 1...5, using: &generator) {
            let at = Int.random(in: 0...text.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: text.insert(contentsOf: (pieces.randomElement(using: &generator) ?? "x").unicodeScalars, at: at)
            case 1: text.removeSubrange(at..<min(text.count, at + Int.random(in: 0...8, using: &generator)))
            case 2:
                let start = Int.random(in: 0...text.count, using: &generator)
                text.insert(contentsOf: text[min(start, at)..<min(max(start, at), min(start, at) + 200)], at: at)
            default:
                guard at < text.count else { continue }
                text[at] = Unicode.Scalar(UInt8.random(in: 0...127, using: &generator))
            }
        }
        var result = String.UnicodeScalarView()
        result.append(contentsOf: text.prefix(4_000))
        return String(result)
    }
}
