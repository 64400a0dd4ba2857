import Foundation

/// The `intentusnet` command that is tested as a process.
package enum BuiltCommand {
    /// Names another one than the test run built, such as a release build.
    package static let variable = "INTENTUSNET_TEST_GATEWAY"

    /// The one that the environment names, or the one beside the test bundle.
    ///
    /// - Throws: `FixtureError` when there is none.
    package static var path: String {
        get throws {
            if let named = ProcessInfo.processInfo.environment[variable] {
                guard FileManager.default.isExecutableFile(atPath: named) else {
                    throw FixtureError("\(variable) names '\(named)', which cannot be run")
                }
                return named
            }
            var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            for _ in 0..<6 {
                folder = folder.deletingLastPathComponent()
                let candidate = folder.appending(path: "intentusnet").path
                var isFolder: ObjCBool = false
                if FileManager.default.fileExists(atPath: candidate, isDirectory: &isFolder), !isFolder.boolValue {
                    return candidate
                }
            }
            throw FixtureError("the command is not built: run `swift build` or `make test`, or set \(variable)")
        }
    }
}
