import Testing

@testable import IntentPolicy

/// The look-up by intent against the plain comparison of every pattern.
@Suite("The index of rules")
struct RuleIndexTests {
    private static func rules(_ patterns: [[String]]) -> [PolicyRule] {
        patterns.enumerated().map { number, intents in
            var rule = PolicyRule(id: "r\(number)", action: .deny)
            rule.intents = intents
            return rule
        }
    }

    @Test("no rule is left out of which a pattern matches, and none comes twice", arguments: 0..<40)
    func superset(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        func text(_ alphabet: [String], upTo count: Int) -> String {
            (0..<Int.random(in: 0...count, using: &generator))
                .map { _ in alphabet.randomElement(using: &generator) ?? "" }.joined()
        }
        // Canonically equal letters are different bytes, and a tail may begin within a letter's bytes.
        let letters = ["a", "b", "é", "e\u{301}", "\u{301}"]
        let patterns = (0..<Int.random(in: 16...60, using: &generator)).map { _ in
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in text(letters + ["*", "*"], upTo: 5) }
        }
        for dialect in [PolicyDialect.glob, .exact] {
            let index = RuleIndex(Self.rules(patterns), dialect: dialect)
            let compiled = patterns.map { $0.map { NamePattern($0, isGlob: dialect == .glob) } }
            for _ in 0..<100 {
                let name = text(letters + ["*"], upTo: 6)
                let found = index.places(for: name)
                #expect(found == Set(found).sorted(), "\(name)")
                for (place, patterns) in compiled.enumerated()
                where patterns.isEmpty || patterns.contains(where: { $0.matches(name) }) {
                    #expect(found.contains(place), "\(name) \(place)")
                }
            }
        }
    }

    @Test(
        "of a thousand rules with suffixes or prefixes, only those in question are tried", arguments: ["%", "*%", "%*"])
    func narrow(form: String) {
        let names = (0..<1_000).map { "Ask\($0)Intent" }
        let index = RuleIndex(Self.rules(names.map { [form.replacing("%", with: $0)] }), dialect: .glob)
        #expect(index.places(for: "Ask500Intent") == [500])
        #expect(index.places(for: "Other").isEmpty)
        #expect(index.places(for: "").isEmpty)
    }
}
