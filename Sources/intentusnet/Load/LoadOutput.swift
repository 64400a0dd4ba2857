import ArgumentParser
import Foundation
import LoadGenerator

/// Where the result of a load test goes.
struct LoadOutput: ParsableArguments {
    @Option(help: "Write the result as JSON; - for standard output, instead of the summary.")
    var json: String?

    @Option(help: "Write the report as one HTML page that needs nothing else.")
    var html: String?

    @Flag(help: "Show no progress.")
    var quiet = false

    /// Told before a run of an hour, not after it.
    func check() throws {
        for case let path? in [json == "-" ? nil : json, html] {
            let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
            guard FileManager.default.isWritableFile(atPath: folder) else {
                throw LoadFault("'\(path)' cannot be written: the folder '\(folder)' is not there or not ours")
            }
        }
    }

    /// Shows and writes what came of a run.
    func write(_ result: LoadResult) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let document = try encoder.encode(result) + Data("\n".utf8)
        if json == "-" {
            FileHandle.standardOutput.write(document)
        } else {
            print(LoadSummary.text(result))
            if let json { try Self.write(document, to: json) }
        }
        if let html { try Self.write(Data(HTMLReport.page(result).utf8), to: html) }
    }

    private static func write(_ data: Data, to path: String) throws {
        do {
            try data.write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw LoadFault("'\(path)' cannot be written")
        }
    }
}
