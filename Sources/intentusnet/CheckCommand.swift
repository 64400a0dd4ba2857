import ArgumentParser
import Documents
import Foundation
import GatewayNode

/// `intentusnet check`: every error and warning of a configuration and its policies, and of the Redis that it names.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Check a configuration and its policies; exit code 1 when there is an error.",
        discussion: """
            With --redis the command also connects to the store as a gateway would, writes nothing, and tells its topology,
            version, latency and clock, whether the scripts load, whether keys may be evicted, and what the user may not do.
            With --secrets it fetches every secret:// of the configuration from its source and tells which cannot be had; the
            secrets themselves are not shown.
            """)

    @Option(help: "The configuration file.")
    var config = "gateway.yaml"

    @Flag(help: "Look at the Redis of the configuration, too.")
    var redis = false

    @Flag(help: "Fetch the secrets that the configuration names, too.")
    var secrets = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var findings = await GatewayNode.check(configurationFile: config, environment: environment)
        var looks: [(lines: [String], findings: [Diagnostic])] = []
        if secrets {
            looks.append(await GatewayNode.checkSecrets(configurationFile: config, environment: environment))
        }
        if redis { looks.append(await GatewayNode.checkRedis(configurationFile: config, environment: environment)) }
        for found in looks {
            for line in found.lines { print(line) }
            // What keeps the configuration from being read is told once.
            let told = Set(findings.map(\.description))
            findings += found.findings.filter { !told.contains($0.description) }
        }
        for finding in findings { print(finding) }
        let errors = findings.filter { $0.severity == .error }.count
        print("\(errors) errors, \(findings.count - errors) warnings")
        guard errors == 0 else { throw ExitCode(1) }
    }
}
