import Foundation
import RedisFixtures

/// The command whose gateways are tested.
enum GatewayBinary {
    /// Names another one, such as a release build.
    static let variable = "INTENTUSNET_TEST_GATEWAY"

    /// The one that the environment names, or the one that was built with the tests.
    static func path() throws -> String {
        if let named = ProcessInfo.processInfo.environment[variable] {
            guard FileManager.default.isExecutableFile(atPath: named) else {
                throw FixtureError("\(variable) names '\(named)', which cannot be run")
            }
            return named
        }
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let beside = folder.appending(path: "intentusnet").path
            var isFolder: ObjCBool = false
            if FileManager.default.fileExists(atPath: beside, isDirectory: &isFolder), !isFolder.boolValue {
                return beside
            }
        }
        throw FixtureError("there is no intentusnet beside the tests: run `swift build`, or set \(variable)")
    }
}
