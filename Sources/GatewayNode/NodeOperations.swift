import AdminServer
import Documents
import GatewayConfiguration
import IntentProtocol
import Logging
import Observability
import RedisState

/// What the admin API looks at and does, on this node.
struct NodeOperations: AdminOperations {
    /// What only the node itself can do.
    struct Node: Sendable {
        /// Takes the node out of service, or back into it.
        let drain: @Sendable (_ isDrained: Bool) -> Void
        let reload: @Sendable () async -> [Diagnostic]
    }

    let parts: NodeParts
    let configuration: GatewayConfiguration
    let configurationFile: String
    let environment: [String: String]
    let node: Node
    /// The ring that ``keys()`` and ``rotateKeys()`` ask; nil where none is configured.
    let keyRing: (any KeyRingAdministration)?
    let drains: NodeDrains

    private var reports: NodeReports { NodeReports(parts: parts) }

    func read(_ read: AdminRead) async -> AdminReply {
        switch read {
        case .overview: AdminReply(reports.overview(keys: keys().body))
        case .nodes: AdminReply(reports.nodes())
        case .agents: AdminReply(reports.agents())
        case .limits: AdminReply(reports.limits())
        case .bucket(let limit, let key): await bucket(limit, key, isReset: false)
        case .keys: keys()
        case .configuration: AdminReply(["configuration": configuration.effective])
        case .logLevel: AdminReply(logLevel())
        }
    }

    func act(_ action: AdminAction) async -> AdminReply {
        switch action {
        case .resetLimit(let limit, let key): await bucket(limit, key, isReset: true)
        case .refreshKeySets(let issuer): await refreshKeySets(issuer)
        case .rotateKeys: await rotateKeys()
        case .drainNode: drainNode(true)
        case .undrainNode: drainNode(false)
        case .drain(let agent, let instance, let seconds): await drain(agent, instance, seconds: seconds)
        case .undrain(let agent, let instance): await drain(agent, instance, seconds: nil)
        case .checkConfiguration(let text, let isJSON): await check(text, isJSON: isJSON)
        case .reloadConfiguration: await reload()
        case .explainPolicy(let engine, let request): explain(engine, request)
        case .setLogLevel(let level, let seconds): setLogLevel(level, seconds)
        }
    }

    // MARK: the node

    private func drainNode(_ isDrained: Bool) -> AdminReply {
        node.drain(isDrained)
        parts.logger.notice(isDrained ? "taken out of service" : "back in service")
        return AdminReply([
            "isDrained": .bool(isDrained), "requestsInFlight": .number(JSONNumber(parts.load().requestsInFlight)),
        ])
    }

    // MARK: the log

    private func logLevel() -> JSONValue {
        let level = parts.logLevel
        let left = level.revertsAtNanoseconds.map { max(0, ($0 - Timestamp.monotonicNanoseconds()) / 1_000_000_000) }
        return [
            "level": .string(level.level.rawValue), "configured": .string(level.configured.rawValue),
            "revertsAfterSeconds": left.map { .number(JSONNumber(Int($0))) } ?? .null,
        ]
    }

    private func setLogLevel(_ text: String, _ seconds: Int?) -> AdminReply {
        guard let level = Logger.Level(rawValue: text) else {
            return .refused(400, "INVALID_REQUEST", "'level' is none")
        }
        parts.logLevel.set(
            level, revertsAtNanoseconds: seconds.map { Timestamp.monotonicNanoseconds() + Int64($0) * 1_000_000_000 })
        parts.logger.notice("log level changed", metadata: ["level": "\(text)"])
        return AdminReply(logLevel())
    }
}
