import ArgumentParser
import Documents
import Foundation
import GatewayNode

/// `intentusnet check`: every error and warning of a configuration and its policies.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration and its policies; exit code 1 when there is an error.")

    @Option(help: "The configuration file, gateway.yaml.")
    var config: String

    func run() throws {
        let findings = GatewayNode.check(
            configurationFile: config, environment: ProcessInfo.processInfo.environment)
        for finding in findings { print(finding) }
        let errors = findings.filter { $0.severity == .error }.count
        print("\(errors) errors, \(findings.count - errors) warnings")
        guard errors == 0 else { throw ExitCode(1) }
    }
}
