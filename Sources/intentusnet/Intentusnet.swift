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

    /// Begins on the process's first thread, where the allocator has to be tuned; the commands themselves leave it.
    @MainActor static func main() async {
        do {
            var command = try parseAsRoot()
            if command is GatewayCommand || command is LoadCommand { AllocatorTuning.apply() }
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
