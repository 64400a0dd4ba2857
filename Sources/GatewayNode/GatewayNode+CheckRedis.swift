import CertificateFiles
package import Documents
import Foundation
import GatewayConfiguration
import GatewayHTTP
import NIOCore
import NIOPosix
import Observability
import RedisState

extension GatewayNode {
    /// Looks at the Redis of a configuration as a node would use it.
    ///
    /// - Returns: lines to print, and what is wrong there or keeps the check from looking.
    package static func checkRedis(
        configurationFile: String, environment: [String: String]
    ) async -> (lines: [String], findings: [Diagnostic]) {
        guard let text = try? String(contentsOfFile: configurationFile, encoding: .utf8) else {
            return ([], [Diagnostic(.error, "'\(configurationFile)' cannot be read as UTF-8 text")])
        }
        let reading = GatewayConfiguration.read(text, file: configurationFile, environment: environment)
        guard let configuration = reading.configuration else {
            return ([], reading.errors)
        }
        guard let redis = configuration.store.redis else {
            let text = "store: there is no Redis to look at; set it, as in store: redis://127.0.0.1:6379"
            return ([], [Diagnostic(.error, text)])
        }
        let secrets = NodeSecrets(
            configuration.secrets, reading.secrets.filter { $0.key.hasPrefix("store.redis.") },
            configurationFile: configurationFile, environment: environment, logger: NodeParts.logger(configuration.log))
        let diagnostics = Diagnostics()
        await secrets.fetch(into: diagnostics)
        guard !diagnostics.hasErrors else { return ([], diagnostics.sorted) }
        let settings: RedisSettings
        do {
            var sets: [CertificateSet] = []
            settings = try RedisSettings(redis, secrets: secrets, tls: NodeTLS.redis(redis, secrets, &sets))
        } catch let error as TLSMaterialError {
            return ([], [Diagnostic(.error, "store.redis.tls: \(error)")])
        } catch {
            let findings = (error as? ConfigurationRefused)?.findings
            return ([], findings ?? [Diagnostic(.error, "store.redis: \(error)")])
        }
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let report = await RedisCheck(
            settings: settings, keyPrefix: redis.keyPrefix, budgetMilliseconds: Int64(redis.budgetMilliseconds),
            eventLoop: group.next(), unixNanoseconds: Timestamp.unixNanoseconds
        ).run()
        try? await group.shutdownGracefully()
        return (report.lines, report.findings.map { Diagnostic($0.isError ? .error : .warning, $0.text) })
    }
}
