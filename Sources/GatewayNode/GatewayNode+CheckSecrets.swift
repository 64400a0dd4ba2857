package import Documents
import Foundation
import GatewayConfiguration

extension GatewayNode {
    /// Fetches every secret of a configuration as a node would at its start.
    ///
    /// - Returns: a line for each that can be had, with its size and never its value, and what is wrong with the others.
    package static func checkSecrets(
        configurationFile: String, environment: [String: String]
    ) async -> (lines: [String], findings: [Diagnostic]) {
        guard let text = try? String(contentsOfFile: configurationFile, encoding: .utf8) else {
            return ([], [Diagnostic(.error, "'\(configurationFile)' cannot be read as UTF-8 text")])
        }
        let reading = GatewayConfiguration.read(text, file: configurationFile, environment: environment)
        guard let configuration = reading.configuration else { return ([], reading.errors) }
        let secrets = NodeSecrets(
            configuration.secrets, reading.secrets, configurationFile: configurationFile, environment: environment,
            logger: NodeParts.logger(configuration.log))
        let diagnostics = Diagnostics()
        let lines = await secrets.fetch(into: diagnostics)
        return (
            lines.isEmpty && reading.secrets.isEmpty ? ["secrets: none is named by secret://"] : lines,
            diagnostics.sorted
        )
    }
}
