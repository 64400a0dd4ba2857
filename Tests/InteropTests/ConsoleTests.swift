import Foundation
import RedisFixtures
import Testing

/// The console in a real browser.
@Suite("Console", .serialized)
struct ConsoleTests {
    private static let script = ChildProcess.root.appending(path: "Tests/Console/console_test.py").path

    private static var isInstalled: Bool {
        get async {
            let found = try? await ChildProcess.run(ChildProcess.python, ["-c", "import selenium"])
            return found?.code == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")
                && FileManager.default.isExecutableFile(atPath: "/usr/bin/chromedriver")
        }
    }

    @Test(
        "shows a killed worker, a drained node and a refusal with its rule within two seconds, and asks before it acts",
        .timeLimit(.minutes(3)))
    func browser() async throws {
        try #require(await Self.isInstalled, "run Tests/Tools/install test")
        let (code, said) = try await ChildProcess.run(
            ChildProcess.python, [Self.script, ChildProcess.intentusnet])
        #expect(code == 0 && said.hasSuffix("passed\n"), "\(said)")
    }
}
