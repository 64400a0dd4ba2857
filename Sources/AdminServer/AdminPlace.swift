package import GatewayHTTP

/// Where the paths of the admin plane lead: a closed table, of which the raw value is the place.
package enum AdminPlace: Int, Sendable, CaseIterable {
    case metrics, health, live, ready
    case console, consoleScript, consoleStyle
    case overview, events
    case document, nodes, agents, limits, bucket, keys, configuration, logLevel
    case resetLimit, refreshKeySets, rotateKeys, drainNode, undrainNode, drainAgent, undrainAgent, drainInstance,
        undrainInstance, checkConfiguration, reloadConfiguration, explainPolicy

    /// What a path is for.
    package enum Kind: Sendable {
        /// What monitors ask, as they do everywhere: without a credential unless the configuration says otherwise.
        case probe
        /// The console: the same for everybody and without a word of the node, so that whoever opens it can then show who they are.
        case page
        /// What changes nothing, for whoever may read.
        case read
        /// What changes the node, or tells of files of its machine: for whoever may act.
        case action
    }

    /// The path, as a route table takes it.
    package var pattern: String {
        switch self {
        case .metrics: "/metrics"
        case .health: "/health"
        case .live: "/health/live"
        case .ready: "/health/ready"
        case .console: "/console"
        case .consoleScript: "/console/console.js"
        case .consoleStyle: "/console/console.css"
        case .overview: "/admin/v1/overview"
        case .events: "/admin/v1/events"
        case .document: "/admin/v1/openapi.json"
        case .nodes: "/admin/v1/nodes"
        case .agents: "/admin/v1/agents"
        case .limits: "/admin/v1/limits"
        case .bucket: "/admin/v1/limits/bucket"
        case .keys: "/admin/v1/keys"
        case .configuration: "/admin/v1/config"
        case .logLevel: "/admin/v1/log/level"
        case .resetLimit: "/admin/v1/limits/reset"
        case .refreshKeySets: "/admin/v1/jwks/refresh"
        case .rotateKeys: "/admin/v1/keys/rotate"
        case .drainNode: "/admin/v1/node/drain"
        case .undrainNode: "/admin/v1/node/undrain"
        case .drainAgent: "/admin/v1/agents/{name}/drain"
        case .undrainAgent: "/admin/v1/agents/{name}/undrain"
        case .drainInstance: "/admin/v1/agents/{name}/instances/{id}/drain"
        case .undrainInstance: "/admin/v1/agents/{name}/instances/{id}/undrain"
        case .checkConfiguration: "/admin/v1/config/check"
        case .reloadConfiguration: "/admin/v1/config/reload"
        case .explainPolicy: "/admin/v1/policy/explain"
        }
    }

    /// The methods that the path allows.
    package var methods: [HTTPMethod] {
        switch self {
        case .logLevel: [.get, .head, .put]
        case .events: [.get]
        case .metrics, .health, .live, .ready, .console, .consoleScript, .consoleStyle, .overview, .document, .nodes,
            .agents, .limits, .bucket, .keys, .configuration:
            [.get, .head]
        case .resetLimit, .refreshKeySets, .rotateKeys, .drainNode, .undrainNode, .drainAgent, .undrainAgent,
            .drainInstance, .undrainInstance, .checkConfiguration, .reloadConfiguration, .explainPolicy:
            [.post]
        }
    }

    /// What a request of that method is.
    package func kind(_ method: HTTPMethod) -> Kind {
        switch self {
        case .metrics, .health, .live, .ready: .probe
        case .console, .consoleScript, .consoleStyle: .page
        default: method == .get || method == .head ? .read : .action
        }
    }

    /// The name of it in the audit log: `limits.reset`.
    func name(_ method: HTTPMethod) -> String {
        switch self {
        case .metrics: "metrics.read"
        case .health, .live, .ready: "health.read"
        case .console, .consoleScript, .consoleStyle: "console.read"
        case .overview: "overview.read"
        case .events: "events.read"
        case .document: "openapi.read"
        case .nodes: "nodes.read"
        case .agents: "agents.read"
        case .limits, .bucket: "limits.read"
        case .keys: "keys.read"
        case .configuration: "config.read"
        case .logLevel: method == .put ? "log.level" : "log.read"
        case .resetLimit: "limits.reset"
        case .refreshKeySets: "jwks.refresh"
        case .rotateKeys: "keys.rotate"
        case .drainNode: "node.drain"
        case .undrainNode: "node.undrain"
        case .drainAgent: "agent.drain"
        case .undrainAgent: "agent.undrain"
        case .drainInstance: "instance.drain"
        case .undrainInstance: "instance.undrain"
        case .checkConfiguration: "config.check"
        case .reloadConfiguration: "config.reload"
        case .explainPolicy: "policy.explain"
        }
    }

    /// Whether a query is read there; monitors may say in theirs what they like.
    var takesQuery: Bool {
        switch self {
        case .metrics, .health, .live, .ready, .bucket: true
        default: false
        }
    }

    /// The table of the listener.
    static var table: RouteTable {
        RouteTable(allCases.map { .init($0.pattern, $0.methods) }, takesQueries: { true })
    }
}
