import Foundation
import RedisFixtures

/// Where the manifests are, and the programs that look at them.
enum Workplace {
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func path(_ name: String) -> String { root.appending(path: name).path }

    static func text(_ name: String) throws -> String { try String(contentsOfFile: path(name), encoding: .utf8) }

    static var python: String { ProcessInfo.processInfo.environment["INTENTUSNET_TEST_PYTHON"] ?? "python3" }

    /// A program of the test environment's own, or the one in the PATH.
    static func tool(_ name: String) -> String {
        let own = URL(fileURLWithPath: python).deletingLastPathComponent().appending(path: name).path
        return FileManager.default.isExecutableFile(atPath: own) ? own : name
    }

    /// Runs one of Tests/Tools in Python.
    @discardableResult
    static func run(
        tool: String, _ words: [String], in folder: PrivateFolder, withinMilliseconds milliseconds: Int = 60_000
    ) throws -> String {
        try SpawnedProcess.run(
            [python, path("Tests/Tools/\(tool)")] + words, in: folder, withinMilliseconds: milliseconds)
    }
}
