import ArgumentParser

/// The command: a gateway, a worker, and the tools around them.
@main
struct Intentusnet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intentusnet",
        abstract: "A distributed gateway for intents.",
        version: BuildInformation.version,
        subcommands: [
            GatewayCommand.self, WorkerCommand.self, SendCommand.self, CheckCommand.self, PolicyCommand.self,
            TokenCommand.self,
        ])
}

/// What this build says of itself.
enum BuildInformation {
    static let version = "0.1.0"
}
