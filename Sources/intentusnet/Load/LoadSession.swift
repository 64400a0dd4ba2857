import GatewayNode
import LoadGenerator

/// One run with its progress, held against its thresholds.
struct LoadSession {
    private let ready: LoadPreparation
    private let progress: LoadProgress

    init(_ ready: LoadPreparation, isQuiet: Bool) {
        self.ready = ready
        progress = LoadProgress(isQuiet: isQuiet)
    }

    func run() async throws -> LoadResult {
        let run = try await LoadRun(ready.plan)
        let record = try await run.run { progress.show($0) }
        progress.end()
        var result = LoadResult(record, ready.plan, tool: "intentusnet \(Version.text)")
        result.thresholds = try ready.thresholds.map { try $0.verdict(result) }
        return result
    }
}
