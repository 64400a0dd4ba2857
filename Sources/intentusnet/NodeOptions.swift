import ArgumentParser
import Foundation
import IntentusClient

/// With what a command signs its requests, where it is a node of the mesh without a certificate.
struct NodeOptions: ParsableArguments {
    @Option(help: "Our name as a node of the mesh, whose requests are signed; with --node-secret.")
    var nodeId: String?

    @Option(help: "The node's secret, @FILE; INTENTUSNET_NODE_SECRET without it.")
    var nodeSecret: String?

    /// Name and secret; nil where nothing is signed.
    func credentials() throws -> NodeCredentials? {
        guard let nodeId else { return nil }
        let environment = ProcessInfo.processInfo.environment["INTENTUSNET_NODE_SECRET"]
        guard let secret = try nodeSecret.map(FileOrText.read) ?? environment else {
            throw ValidationError("--node-id needs --node-secret @FILE or INTENTUSNET_NODE_SECRET")
        }
        return NodeCredentials(nodeId: nodeId, secret: secret.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}
