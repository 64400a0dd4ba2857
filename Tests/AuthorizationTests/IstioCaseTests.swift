import Authorization
import Documents
import Foundation
import Testing

@Suite("Istio's decision cases")
struct IstioCaseTests {
    @Test("every case gives the expected decision, counted by tier")
    func cases() throws {
        let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: folder.appending(path: "Vectors/istio/cases.json"), encoding: .utf8)
        let report = try AuthorizationCaseRunner.run(try DocumentParser.json(text, file: "cases.json"))
        #expect(report.failures == [])
        #expect(report.passedByTier == ["documented": 160, "implementation": 12])
    }
}
