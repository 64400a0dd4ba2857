import Documents
import IntentPolicy
import Testing

@Suite("policy vectors")
struct PolicyVectorTests {
    @Test(
        "both files of decision cases pass as they are",
        arguments: [("policy_guide.json", 94), ("policy_code_semantics.json", 120)])
    func decisions(file: String, count: Int) throws {
        let report = try PolicyCaseRunner.run(try DocumentParser.json(try vectors(file), file: file))
        #expect(report.failures == [])
        #expect(report.passed == count)
    }

    @Test("a case with a wrong expectation fails and says what differs")
    func wrongExpectation() throws {
        let text = """
            {"cases": [{"id": "c1", "policy": {"default": "deny"}, "context": {"intent": "X"},
              "expect": {"allowed": true, "matchedRule": "r"}}]}
            """
        let report = try PolicyCaseRunner.run(try DocumentParser.json(text, file: "cases.json"))
        #expect(report.passed == 0)
        #expect(report.failures == [#"c1: allowed is false, expected true; matchedRule is null, expected "r""#])
    }

    @Test("cases may be YAML; a refused policy fails its case unless a refusal is expected")
    func yamlCases() throws {
        let text = """
            cases:
              - {id: refused, policy: {defalt: deny}, context: {intent: X}, expect: {allowed: false}}
              - {id: expected, policy: {defalt: deny}, context: {intent: X}, expect: {raises: true}}
              - {id: taken, policy: {default: deny}, context: {intent: X}, expect: {raises: true}}
            """
        let report = try PolicyCaseRunner.run(try DocumentParser.yaml(text, file: "cases.yaml"))
        #expect(report.passed == 1)
        #expect(report.failures.count == 2)
        #expect(report.failures.first?.hasPrefix("refused: the policy was refused: unknown key 'defalt'") == true)
    }

    @Test(
        "other documents are refused with a reason",
        arguments: [
            (#"[{"name": "no-policy", "mesh": {}, "workload": {}, "policies": [], "request": {}}]"#, "Istio"),
            (#"{"tests": []}"#, "'cases'"), (#"{"cases": [{"policy": {}}]}"#, "a case needs"),
        ])
    func otherShapes(text: String, reason: String) throws {
        let node = try DocumentParser.json(text, file: "cases.json")
        let error = #expect(throws: DiagnosticError.self) { try PolicyCaseRunner.run(node) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    /// The package opens when the file is missing; here a policy exists only as a text that was read, and reading is the
    /// caller's, who refuses to start. So the five cases without a file are the opposite of ours on purpose and have
    /// no counterpart in this room.
    @Test(
        "loader vectors with a file present load as the package loads them, and no default denies in the glob dialect")
    func loader() throws {
        let root = try DocumentParser.json(try vectors("policy_loader.json"), file: "policy_loader.json")
        var seen = 0
        for entry in try #require(root["cases"]?.sequence) where entry["path"]?.string == "FILE" {
            seen += 1
            let id = try #require(entry["id"]?.string)
            let file = try #require(entry["file"]?.string)
            let content = try #require(entry["content"]?.string)
            let raises = entry["result"]?["raises"] != nil
            #expect(load(content, file: file).isTaken != raises, "\(id)")
            guard !raises else { continue }
            let node = try DocumentParser.document(content, file: file)
            let exact = try #require(PolicyLoader.load([node], dialect: .exact, into: Diagnostics()))
            let isAllowed = CompiledPolicy(exact).evaluate(request(), agent: nil).isAllowed
            #expect(isAllowed == (entry["result"]?["default"]?.string == "allow"), "\(id)")
            #expect(try policy(content, file: file).verdict(request()) == "DENY default", "\(id)")
        }
        #expect(seen == 4)
        #expect(!load("", file: "p.json").isTaken)
    }
}
