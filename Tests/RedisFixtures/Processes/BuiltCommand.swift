import Foundation

/// The `intentusnet` command as the test run built it.
package enum BuiltCommand {
    /// Its path, found beside the test bundle.
    ///
    /// - Throws: `FixtureError` when it is not built.
    package static var path: String {
        get throws {
            var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            for _ in 0..<6 {
                folder = folder.deletingLastPathComponent()
                let candidate = folder.appending(path: "intentusnet").path
                if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
            }
            throw FixtureError("the command is not built: run `swift build` or `make test`")
        }
    }
}
