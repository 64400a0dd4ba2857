import ArgumentParser
import Foundation
import IntentProtocol
import IntentusClient

/// `intentusnet send`: one intent through a gateway.
struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send an intent and print the answer; exit code 1 when it is an error.")

    @Argument(help: "The intent, NAME or NAME:VERSION.")
    var intent: String

    @Option(help: "The gateway, https://host:port or http://host:port.")
    var gateway: String

    @Option(help: "The payload, a JSON object, or @FILE.")
    var payload = "{}"

    @Option(help: "The bearer token, or @FILE; INTENTUSNET_TOKEN without it.")
    var token: String?

    @OptionGroup var identity: IdentityOptions

    @OptionGroup var node: NodeOptions

    @OptionGroup var tracing: TraceOptions

    @Option(help: "Seal the envelope (EMCL) by this key ring; results then come sealed too.")
    var keyRing: String?

    @Option(help: "direct, fallback, broadcast or parallel.")
    var strategy = "direct"

    @Option(help: "The agent that is wanted.")
    var target: String?

    @Option(help: "Milliseconds for all attempts together.")
    var timeoutMs: Int64 = 30_000

    func run() async throws {
        guard let strategy = RoutingStrategy(anyCase: strategy) else {
            throw ValidationError("--strategy must be one of direct, fallback, broadcast, parallel")
        }
        let json: JSONText
        do {
            json = try JSONText(validating: Array(try FileOrText.read(payload).utf8))
        } catch let error as JSONSyntaxError {
            throw ValidationError("--payload: \(error.message)")
        }
        let traces = try tracing.traces(service: "intentusnet-send", ratio: 1)
        let client = try client(traces)
        var options = IntentOptions()
        options.strategy = strategy
        options.targetAgent = target
        let (name, version) = IntentName.split(intent)
        let result: Result<AgentResponse, IntentError>
        do {
            result = .success(
                try await client.send(client.draft(name, version, json, options), timeoutMilliseconds: timeoutMs))
        } catch let error as IntentError {
            result = .failure(error)
        }
        try await client.shutdown()
        await traces?.shutdown()
        var bytes: [UInt8] = []
        let response = (try? result.get()) ?? result.failure.map { AgentResponse.failure($0) }
        response?.appendBare(to: &bytes)
        print(String(decoding: bytes, as: UTF8.self))
        guard response?.error == nil else { throw ExitCode(1) }
    }
}

extension SendCommand {
    private func client(_ traces: IntentTraces?) throws -> IntentusClient {
        var configuration = IntentusClient.Configuration()
        configuration.traces = traces
        if let keyRing { configuration.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: keyRing)) }
        configuration.node = try node.credentials()
        let token = try FileOrText.token(token)
        guard identity.isGiven else {
            return IntentusClient(gateway: gateway, token: token, configuration: configuration)
        }
        return try IntentusClient(
            gateway: gateway, token: token, tls: identity.gatewayTLS, configuration: configuration)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { return error }
        return nil
    }
}

/// An option that is a text, or a file's name behind an @.
enum FileOrText {
    static func read(_ value: String) throws -> String {
        guard value.hasPrefix("@") else { return value }
        do {
            return try String(contentsOfFile: String(value.dropFirst()), encoding: .utf8)
        } catch {
            throw ValidationError("'\(value.dropFirst())' cannot be read as UTF-8 text")
        }
    }

    /// The token of an option or of the environment; nil without either. A file is read again when it changes.
    static func token(_ option: String?) throws -> TokenProvider? {
        if let option, option.hasPrefix("@") {
            // Read now too: a name that is none is told at once.
            _ = try read(option)
            return .file(String(option.dropFirst()))
        }
        let text = try option.map(read) ?? ProcessInfo.processInfo.environment["INTENTUSNET_TOKEN"]
        return text.map { .fixed($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }
}

/// `NAME` or `NAME:VERSION`.
enum IntentName {
    static func split(_ text: String) -> (name: String, version: String) {
        guard let colon = text.lastIndex(of: ":") else { return (text, "1.0") }
        return (String(text[..<colon]), String(text[text.index(after: colon)...]))
    }
}
