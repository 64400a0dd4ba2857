public import IntentusClient

/// Where a worker listens, and which gateways it tells.
public struct WorkerConfiguration: Sendable {
    /// The agent's name, 1 to 128 of `A-Z a-z 0-9 . _ -`.
    public var name: String
    /// This instance's name; unique among the agent's instances.
    public var instanceId: String
    /// The address to listen on.
    public var host = "127.0.0.1"
    /// The port; 0 takes a free one.
    public var port = 0
    /// How gateways reach this instance, `http://host:port/path`, or by https with ``tls``; nil makes it of host and port, which an address like
    /// 0.0.0.0 does not allow.
    public var advertisedURL: String?
    /// How to listen by TLS; nil listens by plain HTTP.
    public var tls: WorkerTLS?
    /// How gateways are called by https; nil trusts the system's authorities and shows no certificate.
    public var gatewayTLS: GatewayTLS?
    /// `http://host:port`, or by https, of each gateway to register with; empty where gateways know the agent by configuration.
    public var gateways: [String] = []
    /// How calls are opened and replies sealed (EMCL); nil takes calls in clear alone.
    public var sealing: WorkerSealing?
    /// Where spans of calls go; nil keeps none. Handlers are told of the trace in any case.
    public var traces: IntentTraces?
    /// Where the token for registration comes from; nil where gateways know the worker by its certificate or signature.
    public var token: TokenProvider?
    /// Signs each registration as a node of the mesh, where no certificate says which service the worker is; nil signs none.
    ///
    /// A gateway takes each signature once: give every instance a name and a secret of its own.
    public var node: NodeCredentials?
    /// The name among ``secrets`` of the token for registration, where ``token`` is nil.
    public var tokenSecret: String?
    /// The secrets that handlers may ask for.
    public var secrets = WorkerSecrets()
    /// The node it lives on; nil is local to the gateway.
    public var nodeId: String?
    /// Its place among agents of the same intent; smaller comes first.
    public var nodePriority = 100
    /// How long a registration lives unless renewed; renewed when the gateway says, or at a third of it.
    public var ttlSeconds = 15
    /// Requests handled at the same time; one more is refused as AGENT_UNAVAILABLE.
    public var concurrencyMax = 256
    /// Bytes of a request's body.
    public var bodyBytesMax = 4 << 20
    /// How long running requests may take to finish when the worker stops.
    public var drainTimeoutMilliseconds: Int64 = 10_000

    /// A worker with the defaults above.
    public init(name: String, instanceId: String) {
        self.name = name
        self.instanceId = instanceId
    }
}
