import Documents
import Testing

@Suite("fuzzed documents")
struct DocumentFuzzTests {
    private static let seeds = [
        "default: deny\nrules:\n  - id: a\n    action: DENY\n    intents: [\"Admin*\", 'x']\n    roles: [] # none\n",
        "a: &x [1, 2.5, ~, true]\nb: *x\nc: {d: \"\\u00e9\", e: |\n    text\n    more\n  }\n",
        "? complex\n: - a\n  - b: c\n    d: >-\n      folded\n--- \n%TAG ! x\n",
        #"{"default": "deny", "rules": [{"id": "a", "n": 1.5e3, "t": true, "s": "\u00e9\ud83d\ude00"}, null]}"#,
    ]
    private static let pieces = [
        "[", "]", "{", "}", ":", ": ", "- ", "? ", "&a ", "*a", "!!", "|", ">", "%", "@", "`", "\t", "\n", "\r", "\\",
        "\"",
        "'", "#", ",", "\u{0}", "\u{85}", "\u{2028}", "é", "😀", "---\n", "...\n", "<<: ", "\\ud800", "1e999", "-",
    ]

    @Test("10,000 mutated texts neither crash nor hang, and every refusal has a place", .timeLimit(.minutes(2)))
    func mutations() {
        var generator = SplitMix64(seed: 20_260_101)
        for round in 0..<10_000 {
            let text = Self.mutated(Self.seeds[round % Self.seeds.count], &generator)
            for isJSON in [false, true] {
                do {
                    let file = isJSON ? "f.json" : "f.yaml"
                    let root = try DocumentParser.document(text, file: file)
                    #expect(root.location.line >= 1)
                } catch {
                    #expect(!error.diagnostics.isEmpty)
                    #expect(
                        error.diagnostics.allSatisfy {
                            ($0.location?.line ?? 0) >= 1 && ($0.location?.column ?? 0) >= 1
                        })
                }
            }
        }
    }

    private static func mutated(_ seed: String, _ generator: inout SplitMix64) -> String {
        var text = Array(seed.unicodeScalars)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let at = Int.random(in: 0...text.count, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0:
                text.insert(
                    contentsOf: pieces.randomElement(using: &generator)?.unicodeScalars ?? "x".unicodeScalars, at: at)
            case 1:
                text.removeSubrange(at..<min(text.count, at + Int.random(in: 0...8, using: &generator)))
            case 2:
                let start = Int.random(in: 0...text.count, using: &generator)
                text.insert(contentsOf: text[min(start, at)..<max(start, at)], at: at)
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
