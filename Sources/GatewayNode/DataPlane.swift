import Gateway
import GatewayHTTP
import IntentProtocol
import RateLimiting

/// The gateway of one event loop, with everything it is generic over named.
typealias NodeGateway = Gateway<WorkerConnections, NodeBuckets, SystemSurroundings, NodeMeter, NodeAudit>

/// Where the paths of the data plane lead.
enum DataPlane {
    /// The closed table; the places of its routes are the raw values of ``Place``.
    static let routes = RouteTable([
        .init("/api/v1/intent", [.post]),
        .init("/intent", [.post]),
        .init("/", [.post]),
        .init("/api/v1/agents", [.get]),
        .init("/api/v1/agents/{name}/instances/{id}", [.put, .delete]),
    ])

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
    }
}

/// Brings requests of the listener to the gateway of its event loop, and its answers back.
struct DataPlaneHandler: HTTPHandler {
    let gateway: NodeGateway

    func handle(_ request: consuming HTTPRequest) async -> HTTPAnswer {
        let match = request.route
        let place = DataPlane.Place(rawValue: match.index) ?? .intent
        let arrival = Arrival(
            door: place.door, authorization: request.authorization, traceparent: request.traceparent,
            tracestate: request.tracestate, timeoutMilliseconds: request.timeoutMilliseconds, body: request.body,
            remoteAddress: request.remoteAddress, peerCertificate: request.security?.peerCertificate)
        let answer =
            switch place {
            case .intent, .pythonIntent, .pythonRoot: await gateway.handle(arrival)
            case .agents: await gateway.handle(.list, arrival)
            case .instance: await gateway.handle(Self.change(match), arrival)
            }
        return HTTPAnswer(status: answer.status, headerLines: answer.headerLines, body: answer.body)
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
        // A request that is not HTTP, or whose body was never read, ends the connection: then the status must say so.
        let tellsStatus = !isPython || refusal.reason == .badRequest
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
            case .draining: .agentUnavailable
            case .badRequest, .notFound, .methodNotAllowed, .unsupportedEncoding, .expectationFailed, .notImplemented,
                .versionNotSupported:
                .protocolError
            }
        return IntentError(code, refusal.message, details: details)
    }
}
