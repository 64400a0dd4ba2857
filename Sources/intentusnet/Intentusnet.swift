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

    /// On the main thread: what another one executes loses what the kernel was told of this process for the main one, such as to
    /// end it with its parent.
    @MainActor
    static func main() async {
        AllocatorTuning.apply(to: CommandLine.arguments.dropFirst().first)
        await main(nil)
    }
}
