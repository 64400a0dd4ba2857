import ArgumentParser
import Foundation
import IntentProtocol

/// `intentusnet admin config`
struct AdminConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration in force as JSON, without secrets.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        try await plane.ask(.get, "/admin/v1/config").printJSON()
    }
}

/// `intentusnet admin check`
struct AdminCheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check a configuration on the gateway's machine; exit code 1 when there is an error.")

    @OptionGroup var plane: AdminPlane

    @Argument(help: "A configuration to send; the gateway's own file on its disk without it.")
    var file: String?

    func run() async throws {
        var body = JSONObject()
        if let file {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
                throw ValidationError("'\(file)' cannot be read as UTF-8 text")
            }
            body = ["text": .string(text), "format": file.lowercased().hasSuffix(".json") ? "json" : "yaml"]
        }
        let answer = try await plane.ask(.post, "/admin/v1/config/check", body)
        if plane.json { answer.printJSON() } else { answer.printFindings() }
        guard answer.fields["isAccepted"]?.boolValue == true else { throw ExitCode(1) }
    }
}

/// `intentusnet admin reload`
struct AdminReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload", abstract: "Read policies, keys and certificates again, as SIGHUP does.",
        discussion: "Exit code 1 when something was refused; what was in force stays then.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        let answer = try await plane.ask(.post, "/admin/v1/config/reload", [:], accepted: 422)
        if plane.json { answer.printJSON() } else { answer.printFindings() }
        guard answer.status == 200 else { throw ExitCode(1) }
    }
}

/// `intentusnet admin log-level`
struct AdminLogLevelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-level",
        abstract: "Change from which level on a gateway logs, for a time or until it restarts.")

    @OptionGroup var plane: AdminPlane

    @Argument(help: "trace, debug, info, notice, warning, error or critical.")
    var level: String

    @Option(help: "After so long the configured level comes back.")
    var forSeconds: Int?

    func run() async throws {
        var body: JSONObject = ["level": .string(level)]
        if let forSeconds { body["revertAfterSeconds"] = .number(JSONNumber(forSeconds)) }
        try await plane.act(.put, "/admin/v1/log/level", body)
    }
}
