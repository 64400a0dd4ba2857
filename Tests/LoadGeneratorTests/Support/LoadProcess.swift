import Foundation
import LoadGenerator
import RedisFixtures

/// `intentusnet load` as a process that has ended.
struct LoadProcess {
    let code: Int32
    /// What it printed, the result before it where `--json -` asked for it.
    let output: String
    private let folder: PrivateFolder

    /// Runs it to its end, or until a signal ends it.
    static func run(
        _ words: [String], in folder: PrivateFolder, signal: Int32? = nil, whenSeen: @Sendable () -> Bool = { true }
    ) async throws -> LoadProcess {
        let log = "output-\(UUID().uuidString).log"
        let process = try SpawnedProcess([try BuiltCommand.path, "load"] + words, log: folder.file(log))
        if let signal {
            for _ in 0..<2_000 where !whenSeen() { try await Task.sleep(for: .milliseconds(5)) }
            process.signal(signal)
        }
        let code = try await end(of: process)
        return LoadProcess(code: code, output: folder.tail(of: log, characters: 200_000), folder: folder)
    }

    /// Waits for it without holding a thread.
    static func end(of process: SpawnedProcess) async throws -> Int32 {
        for _ in 0..<8_000 where process.isRunning { try await Task.sleep(for: .milliseconds(5)) }
        return try process.waitForEnd(milliseconds: 1_000)
    }

    /// What it wrote to `result.json` in its folder.
    var result: LoadResult {
        get throws {
            guard let data = FileManager.default.contents(atPath: folder.file("result.json")) else {
                throw FixtureError("no result: \(output)")
            }
            return try JSONDecoder().decode(LoadResult.self, from: data)
        }
    }
}
