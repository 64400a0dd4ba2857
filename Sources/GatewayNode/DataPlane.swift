import Authorization
import Gateway
package import GatewayHTTP
import Identity
import IntentProtocol
import Observability
import RateLimiting

/// The gateway of one event loop, with everything it is generic over named.
typealias NodeGateway = Gateway<WorkerConnections, NodeBuckets, SystemSurroundings, NodeMeter, NodeRecords>

/// Where the paths of the data plane lead.
package enum DataPlane {
    /// Every path; the places are the raw values of ``Place``.
    package static let paths: [RouteTable.Route] = [
        .init("/api/v1/intent", [.post]),
        .init("/intent", [.post]),
        .init("/", [.post]),
        .init("/api/v1/agents", [.get]),
        .init("/api/v1/agents/{name}/instances/{id}", [.put, .delete]),
    ]

    /// The closed table.
    ///
    /// A query is for tokens alone: where no rule looks for one there, nothing reads it, and it is refused (S14).
    static func routes(_ authorization: AuthorizationHolder) -> RouteTable {
        RouteTable(paths, takesQueries: { authorization.current?.tokenPlaces.areInQuery == true })
    }

    /// The place of each route in the table.
    enum Place: Int {
        case intent
        case pythonIntent
        case pythonRoot
        case agents
        case instance

        var door: Arrival.Door {
            switch self {
            case .pythonIntent, .pythonRoot: .python
            case .intent, .agents, .instance: .api
            }
        }

        /// As the table has it.
        var path: StaticString {
            switch self {
            case .intent: "/api/v1/intent"
            case .pythonIntent: "/intent"
            case .pythonRoot: "/"
            case .agents: "/api/v1/agents"
            case .instance: "/api/v1/agents/{name}/instances/{id}"
            }
        }
    }
}

/// Brings requests of the listener to the gateway of its event loop, and its answers back.
struct DataPlaneHandler: HTTPHandler {
    let gateway: NodeGateway
    /// The mesh's policies, where the configuration names any.
    let authorization: AuthorizationHolder
    private let connections: ConnectionReader

    init(gateway: NodeGateway, authorization: AuthorizationHolder) {
        self.gateway = gateway
        self.authorization = authorization
        connections = ConnectionReader(rules: gateway.peers.rules)
    }

    func accept(_ connection: HTTPConnection) -> ArrivalConnection {
        let arrival = connections.read(connection)
        if let identity = arrival.peer.identity {
            gateway.noteCertificate(identity, remoteAddress: connection.remoteAddress)
        }
        return arrival
    }

    func handle(_ request: consuming HTTPRequest, on connection: ArrivalConnection) async -> HTTPAnswer {
        let match = request.route
        let policies = authorization.current
        let place = DataPlane.Place(rawValue: match.index) ?? .intent
        var arrival = Arrival(
            door: place.door, authorization: request.authorization, traceparent: request.traceparent,
            tracestate: request.tracestate, timeoutMilliseconds: request.timeoutMilliseconds, body: request.body,
            connection: connection)
        arrival.baggage = request.baggage
        arrival.path = place.path
        arrival.forwardedClientCertificate = request.forwardedClientCertificate
        if connection.peer.isAddressProxy { arrival.forwardedFor = request.values(of: "x-forwarded-for") }
        arrival.nodeSignature = Self.nodeSignature(request)
        arrival.head = policies.map { Self.head(request, connection, for: $0) }
        let answer =
            switch place {
            case .intent, .pythonIntent, .pythonRoot: await gateway.handle(arrival)
            case .agents: await gateway.handle(.list, arrival)
            case .instance: await gateway.handle(Self.change(match), arrival)
            }
        return HTTPAnswer(status: answer.status, headerLines: answer.headerLines, body: answer.body)
    }

    /// What policies may look at; the header lines are found only for policies that look at any.
    private static func head(
        _ request: borrowing HTTPRequest, _ connection: ArrivalConnection, for policies: CompiledAuthorization
    ) -> ArrivalHead {
        var head = ArrivalHead(
            policies: policies, method: request.method, target: request.target, host: request.host)
        guard policies.readsHeaders else { return head }
        // What an untrusted peer says about certificates is not there for policies either.
        let hidden = connection.peer.isTrustedProxy ? nil : request.forwardedClientCertificate?.startIndex
        head.headers = AuthorizationHeaders(
            bytes: request.headBytes,
            fields: request.headerFields().compactMap { field in
                field.value.lowerBound == hidden
                    ? nil : AuthorizationHeaders.Field(name: field.name, value: field.value)
            })
        return head
    }

    private static func nodeSignature(_ request: borrowing HTTPRequest) -> NodeSignatureHeaders? {
        let (id, time, signature) = (request.nodeId, request.nodeTime, request.nodeSignature)
        guard id != nil || time != nil || signature != nil else { return nil }
        func list(_ value: ArraySlice<UInt8>?) -> [ArraySlice<UInt8>] { value.map { [$0] } ?? [] }
        return NodeSignatureHeaders(ids: list(id), timestamps: list(time), signatures: list(signature))
    }

    private static func change(_ match: RouteTable.Match) -> DirectoryRequest {
        let agent = match.parameters.first ?? ""
        let instance = match.parameters.last ?? ""
        return match.method == .put
            ? .register(agent: agent, instance: instance) : .deregister(agent: agent, instance: instance)
    }

    /// A refusal of the listener in the wire's terms: in a frame and with 200 where the Python transport knocks.
    func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
        let isPython = route.flatMap(DataPlane.Place.init(rawValue:))?.door == .python
        // What that transport never sends is told by its status: a probe that asks GET must not take 200 for an answer.
        let isTransports =
            switch refusal.reason {
            case .bodyTooLarge, .headTooLarge, .timeout, .draining, .overloaded: true
            case .badRequest, .notFound, .methodNotAllowed, .unsupportedEncoding, .expectationFailed, .notImplemented,
                .versionNotSupported:
                false
            }
        let tellsStatus = !isPython || !isTransports
        let response = AgentResponse.failure(
            Self.error(refusal), metadata: ["agent": "gateway", "traceId": .null])
        var body: [UInt8] = []
        response.appendFrame(to: &body)
        let allow = refusal.allow.map { Array("allow: \($0)\r\n".utf8) } ?? []
        return HTTPAnswer(status: tellsStatus ? refusal.reason.status : 200, headerLines: allow, body: body)
    }

    private static func error(_ refusal: HTTPRefusal) -> IntentError {
        let details: JSONObject = ["reason": .string(refusal.reason.rawValue)]
        let code: ErrorCode =
            switch refusal.reason {
            case .bodyTooLarge, .headTooLarge: .payloadTooLarge
            case .timeout: .transportError
            case .draining, .overloaded: .agentUnavailable
            case .badRequest, .notFound, .methodNotAllowed, .unsupportedEncoding, .expectationFailed, .notImplemented,
                .versionNotSupported:
                .protocolError
            }
        return IntentError(code, refusal.message, details: details)
    }
}
