import ArgumentParser
import GatewayNode

/// The command: a gateway, a worker, and the tools around them.
@main
struct Intentusnet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intentusnet",
        abstract: "A distributed gateway for intents.",
        version: Version.text,
        subcommands: [
            GatewayCommand.self, WorkerCommand.self, SendCommand.self, CheckCommand.self, PolicyCommand.self,
            TokenCommand.self, DevelopmentAuthorityCommand.self, EMCLCommand.self, NodesCommand.self,
            AgentsCommand.self, LimitsCommand.self, HealthCommand.self, AuditCommand.self, AdminCommand.self,
            LoadCommand.self,
        ])
}
