import Authorization
import Documents
import Testing

@Suite("Istio's decision cases")
struct IstioCaseTests {
    @Test("every case gives the expected decision, counted by tier")
    func cases() throws {
        let node = try DocumentParser.json(try vectors("cases.json"), file: "cases.json")
        #expect(AuthorizationCaseRunner.canRun(node))
        let report = try AuthorizationCaseRunner.run(node)
        #expect(report.failures == [])
        #expect(report.passedByTier == ["documented": 160, "implementation": 12])
        #expect(report.passed == 172)
    }

    @Test("every case with its expectation turned round fails, so each one is really compared")
    func turned() throws {
        let text = try vectors("cases.json").replacing("\"expect\": \"allow\"", with: "\"expect\": \"turned\"")
            .replacing("\"expect\": \"deny\"", with: "\"expect\": \"allow\"")
            .replacing("\"expect\": \"turned\"", with: "\"expect\": \"deny\"")
        let report = try AuthorizationCaseRunner.run(try DocumentParser.json(text, file: "cases.json"))
        #expect(report.failures.count == 172)
        #expect(report.passed == 0)
    }

    @Test("a failure tells the case, its tier, and what decided")
    func failureText() throws {
        let text = """
            - name: wrong
              tier: implementation
              workload: {namespace: foo}
              policies: ["\(resource("action: DENY\nrules: [{}]").replacing("\n", with: "\\n"))"]
              request: {path: /x}
              expect: allow
            """
        let report = try AuthorizationCaseRunner.run(try DocumentParser.yaml(text, file: "cases.yaml"))
        #expect(report.failures == ["wrong (implementation): expected allow, but denied by foo/p rule 0"])
    }

    @Test(
        "a case that cannot be read stops the run with a place, for it would compare nothing",
        arguments: [
            ("cases: []", "must be a list"), ("- {name: a}", "request is required"),
            ("- {name: a, workload: {namespace: foo}, request: {pth: /x}, expect: allow}", "unknown key 'pth'"),
            ("- {name: a, workload: {namespace: foo}, request: {sourceIP: 10.1}, expect: allow}", "sourceIP"),
            ("- {name: a, workload: {namespace: foo}, request: {}, expect: maybe}", "one of allow, deny"),
        ])
    func unreadable(text: String, reason: String) throws {
        let node = try DocumentParser.yaml(text, file: "cases.yaml")
        let error = #expect(throws: DiagnosticError.self) { try AuthorizationCaseRunner.run(node) }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        #expect(error?.description.contains("cases.yaml:1") == true)
    }
}
