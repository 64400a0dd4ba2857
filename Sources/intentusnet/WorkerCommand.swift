import ArgumentParser
import Foundation
import IntentProtocol
import IntentusClient
import IntentusWorker
import Logging
import Observability
import ServiceLifecycle
import UnixSignals

/// `intentusnet worker`: an echo agent, for trying things out.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker", abstract: "Run an agent that answers every intent with its own payload.")

    @Option(
        name: .customLong("gateway"),
        help: "A gateway to register with, https://host:port or http://host:port; give it several times.")
    var gateways: [String] = []

    @Option(help: "The agent's name.")
    var name: String

    @Option(help: "This instance's name; made of host and process id without it.")
    var instance: String?

    @Option(name: .customLong("intent"), help: "An intent to answer, NAME or NAME:VERSION; give it several times.")
    var intents: [String]

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @Option(help: "The port; 0 takes a free one.")
    var port = 0

    @Option(help: "How gateways reach this worker, http://host:port/path.")
    var advertise: String?

    @Option(help: "The bearer token for registration, or @FILE; INTENTUSNET_TOKEN without it.")
    var token: String?

    @Option(help: "Take calls sealed (EMCL) by this key ring alone, and seal the replies.")
    var keyRing: String?

    @OptionGroup var identity: IdentityOptions

    @OptionGroup var node: NodeOptions

    @OptionGroup var tracing: TraceOptions

    @Option(
        name: .customLong("caller"),
        help:
            "A service that may call, cluster.local/ns/default/sa/gateway; give it several times. Listens by mutual TLS alone."
    )
    var callers: [String] = []

    func validate() throws {
        guard callers.isEmpty || (identity.cert != nil && !identity.authorities.isEmpty) else {
            throw ValidationError("--caller needs --cert and --key, and --ca, which vouches for callers")
        }
        guard !intents.isEmpty else { throw ValidationError("--intent must be given at least once") }
    }

    func run() async throws {
        let machine = ProcessInfo.processInfo.hostName.filter {
            $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-")
        }
        var configuration = WorkerConfiguration(
            name: name, instanceId: instance ?? "\(machine.prefix(64))-\(ProcessInfo.processInfo.processIdentifier)")
        configuration.host = host
        configuration.port = port
        configuration.advertisedURL = advertise
        configuration.gateways = gateways
        configuration.token = try FileOrText.token(token)
        configuration.node = try node.credentials()
        if identity.isGiven { configuration.gatewayTLS = identity.gatewayTLS }
        if let certificate = identity.cert, let key = identity.key, !callers.isEmpty {
            configuration.tls = WorkerTLS(
                certificateFile: certificate, keyFile: key, trustBundleFiles: identity.authorities,
                callers: .principals(callers))
        }
        if let keyRing { configuration.sealing = WorkerSealing(keys: try EnvelopeKeys(file: keyRing)) }
        // Whether a trace is kept, the gateway says.
        configuration.traces = try tracing.traces(service: name, ratio: 0)
        let logger = Logger(label: "worker") { LogFormat.text.handler(label: $0, level: .notice) }
        let name = name
        let worker = IntentusWorker(configuration, logger: logger) { port in
            print("agent \(name) listens on port \(port)")
        }
        for intent in intents {
            let (intentName, version) = IntentName.split(intent)
            worker.onRaw(intentName, version: version) { envelope, _ in
                .success(["agent": .string(name), "echo": envelope.payload.value()])
            }
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [.init(service: worker)], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await configuration.traces?.shutdown()
    }
}
