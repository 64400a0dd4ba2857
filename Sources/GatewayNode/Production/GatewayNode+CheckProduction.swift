package import Documents
import Foundation
package import GatewayConfiguration

extension GatewayNode {
    /// Holds a configuration and its files against the production guide's checklist, as far as a program can.
    ///
    /// - Returns: what each check found; the errors alone where the configuration cannot be read.
    package static func checkProduction(
        configurationFile: String, environment: [String: String], nowUnixSeconds: Int64
    ) -> (findings: [ProductionFinding], errors: [Diagnostic]) {
        guard let text = try? String(contentsOfFile: configurationFile, encoding: .utf8) else {
            return ([], [Diagnostic(.error, "'\(configurationFile)' cannot be read as UTF-8 text")])
        }
        let reading = GatewayConfiguration.read(text, file: configurationFile, environment: environment)
        guard let configuration = reading.configuration else { return ([], reading.errors) }
        var facts = ProductionFacts(configuration, reading.files, nowUnixSeconds: nowUnixSeconds)
        facts.inlineSecrets = configuration.inlineSecrets(environment: environment)
        return (ProductionCheck.run(configuration, facts), [])
    }
}
