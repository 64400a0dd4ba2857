import Documents
import Testing

@Suite("Texts of several YAML documents")
struct YAMLStreamTests {
    @Test("each document is a tree, places count from the first line, empty ones are left out")
    func documents() throws {
        let text = "a: 1\n---\n---\n# nothing\n---\n8080: {b: 2}\n...\n---\n- c\n"
        let nodes = try DocumentParser.yamlStream(text, file: "f.yaml")
        #expect(nodes.map(\.sketch) == ["{a: integer 1}", "{8080: {b: integer 2}}", "[\"c\"]"])
        #expect(nodes.map(\.location.line) == [1, 6, 9])
        #expect(try DocumentParser.yamlStream("", file: "f.yaml").isEmpty)
        #expect(try DocumentParser.yamlStream("---\n", file: "f.yaml").isEmpty)
    }

    @Test(
        "what a single document may not hold, none of several may",
        arguments: [
            ("a: 1\n---\nb: 1\nb: 2\n", "f.yaml:3:1: error: key 'b' is given more than once"),
            ("a: 1\n---\n80: 1\n\"80\": 2\n", "f.yaml:3:1: error: key '80' is given more than once"),
            ("a: 1\n---\ntrue: 1\n", "f.yaml:3:1: error: a key must be a string, found the boolean true"),
            ("a: 1\n---\n1.5: 1\n", "f.yaml:3:1: error: a key must be a string, found the float 1.5"),
            ("a: 1\n---\nb: [\n", "error: not valid YAML"),
        ])
    func refuses(text: String, message: String) {
        let error = #expect(throws: DiagnosticError.self) { try DocumentParser.yamlStream(text, file: "f.yaml") }
        #expect(error?.description.contains(message) == true, "\(String(describing: error))")
    }

    @Test("the limits count for all documents together")
    func limits() {
        var limits = DocumentLimits()
        limits.nodesMax = 10
        let text = Array(repeating: "a: 1\n", count: 6).joined(separator: "---\n")
        #expect(throws: DiagnosticError.self) { try DocumentParser.yamlStream(text, file: "f.yaml", limits: limits) }
        let empties = String(repeating: "---\n", count: 1_000)
        #expect(throws: DiagnosticError.self) { try DocumentParser.yamlStream(empties, file: "f.yaml", limits: limits) }
        limits.bytesMax = 10
        #expect(throws: DiagnosticError.self) { try DocumentParser.yamlStream(text, file: "f.yaml", limits: limits) }
    }
}
