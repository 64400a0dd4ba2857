import ArgumentParser
import IntentProtocol

/// `intentusnet admin keys`
struct AdminKeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Tell how the keys of issuers and of envelopes stand; no key is shown.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        let answer = try await plane.ask(.get, "/admin/v1/keys")
        if plane.json { answer.printJSON() } else { answer.printFacts() }
    }
}

/// `intentusnet admin refresh`
struct AdminRefreshCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refresh", abstract: "Fetch the keys of issuers now; exit code 1 when one cannot be fetched.")

    @OptionGroup var plane: AdminPlane

    @Option(help: "One issuer; all without it.")
    var issuer: String?

    func run() async throws {
        var body = JSONObject()
        if let issuer { body["issuer"] = .string(issuer) }
        let answer = try await plane.ask(.post, "/admin/v1/jwks/refresh", body, accepted: 502)
        if plane.json { answer.printJSON() } else { answer.printFacts() }
        guard answer.status == 200 else { throw ExitCode(1) }
    }
}

/// `intentusnet admin rotate`
struct AdminRotateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Make another key the active one for envelopes.")

    @OptionGroup var plane: AdminPlane

    func run() async throws {
        try await plane.act(.post, "/admin/v1/keys/rotate")
    }
}
