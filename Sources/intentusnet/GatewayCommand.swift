import ArgumentParser
import Foundation
import GatewayNode
import Logging
import Observability

/// `intentusnet gateway`: one node, until SIGTERM or SIGINT.
struct GatewayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gateway", abstract: "Run a gateway node.",
        discussion: """
            SIGTERM and SIGINT drain the node and end it with exit code 0. SIGHUP reloads policies and key files; so does a
            change of the files themselves.
            """)

    @Option(help: "The configuration file, gateway.yaml.")
    var config: String

    func run() async throws {
        let node: GatewayNode
        do {
            node = try await GatewayNode(configurationFile: config, environment: ProcessInfo.processInfo.environment)
        } catch let error as ConfigurationRefused {
            FileHandle.standardError.write(Data((error.description + "\n").utf8))
            throw ExitCode(1)
        }
        try await node.runUntilSignalled()
    }
}
