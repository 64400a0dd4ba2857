import ArgumentParser

/// `intentusnet admin …`: what operators do to a running gateway.
struct AdminCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "admin", abstract: "Look at a running gateway and change it, over its admin API.",
        discussion: """
            Exit code 0 when it was done, 2 when the gateway does not allow it (no credential, no role, a policy), 1 for \
            everything else.
            """,
        subcommands: [
            AdminDrainCommand.self, AdminUndrainCommand.self, AdminBucketCommand.self, AdminResetCommand.self,
            AdminKeysCommand.self, AdminRefreshCommand.self, AdminRotateCommand.self, AdminConfigCommand.self,
            AdminCheckCommand.self, AdminReloadCommand.self, AdminExplainCommand.self, AdminLogLevelCommand.self,
        ])
}
