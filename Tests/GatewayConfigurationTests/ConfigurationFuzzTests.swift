import GatewayConfiguration
import Testing

@Suite("fuzzed configuration files")
struct ConfigurationFuzzTests {
    private static let words = [
        "listen", "http", "issuers", "jwks", "file", "url", "agents", "name", "intents", "instances", "allow", "policy",
        "files", "registration", "~", "true", "1", "-1", "1e9", "99999999999999999999", "\"\"", "[]", "{}", "[~]",
        "{a: b}",
        "\"127.0.0.1:1\"", "http://h", "*x", "&x", "- ", ": ", "\n", "  ", "# ", "?", "é",
    ]

    @Test(
        "10,000 mutated files neither crash nor hang; errors and a configuration exclude each other",
        .timeLimit(.minutes(2)))
    func mutations() {
        var generator = SplitMix64(seed: 42)
        for _ in 0..<10_000 {
            let text = Self.mutated(usableFile, &generator)
            let file = Bool.random(using: &generator) ? "g.yaml" : "g.json"
            let variable = GatewayConfiguration.reference.compactMap(\.environmentVariable).randomElement(
                using: &generator)
            let value = Self.words.randomElement(using: &generator)
            let environment = [variable ?? "X": value ?? ""]
            let reading = GatewayConfiguration.read(text, file: file, environment: environment)
            #expect((reading.configuration == nil) == !reading.errors.isEmpty)
        }
    }

    private static func mutated(_ seed: String, _ generator: inout SplitMix64) -> String {
        var lines = seed.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            let at = Int.random(in: 0..<lines.count, using: &generator)
            let word = words.randomElement(using: &generator) ?? ""
            let line = lines[at]
            let cut = line.index(line.startIndex, offsetBy: Int.random(in: 0...line.count, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: lines[at] = String(line[..<cut]) + word + String(line[cut...])
            case 1: lines[at] = String(line[..<cut]) + word
            case 2: lines.remove(at: at)
            case 3: lines.insert(String(repeating: " ", count: 2) + line, at: at)
            default: lines[at] = line.replacing(":", with: word, maxReplacements: 1)
            }
            if lines.isEmpty { lines = [""] }
        }
        return lines.joined(separator: "\n")
    }
}
