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
            With --production the configuration is held against the production guide's checklist, as far as a program can: each
            check with its id, ok, warning or failure, the place and the remedy. A failure is an error.
            """)

    @Option(help: "The configuration file.")
    var config = "gateway.yaml"

    @Flag(help: "Look at the Redis of the configuration, too.")
    var redis = false

    @Flag(help: "Fetch the secrets that the configuration names, too.")
    var secrets = false

    @Flag(help: "Hold the configuration against the production checklist, too.")
    var production = false

    @Flag(help: "Print one JSON object.")
    var json = false

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var report = CheckReport(
            findings: await GatewayNode.check(configurationFile: config, environment: environment))
        if secrets { report.add(await GatewayNode.checkSecrets(configurationFile: config, environment: environment)) }
        if redis { report.add(await GatewayNode.checkRedis(configurationFile: config, environment: environment)) }
        if production {
            let now = Int64(Date().timeIntervalSince1970)
            let found = GatewayNode.checkProduction(
                configurationFile: config, environment: environment, nowUnixSeconds: now)
            report.add(([], found.errors))
            report.production = found.findings
        }
        print(json ? report.json : report.text)
        guard report.isGood else { throw ExitCode(1) }
    }
}
