package import GatewayHTTP
import NIOPosix
import Synchronization

/// A gateway's listener that notes what comes and answers as it is told.
package final class TLSGateway: Sendable {
    /// A request as it came.
    package struct Request: Sendable {
        package let method: String
        package let body: [UInt8]
        package let authorization: String?
        package let nodeId: [UInt8]?
        package let nodeTime: [UInt8]?
        package let nodeSignature: [UInt8]?
        /// The caller's certificate in DER.
        package let certificate: [UInt8]?
    }

    /// A status and a body, one for each request; the last one stays.
    package typealias Script = [(status: Int, body: String)]

    private struct Handler: HTTPHandler {
        let gateway: TLSGateway

        func accept(_ connection: HTTPConnection) -> HTTPConnection { connection }

        func handle(_ request: consuming HTTPRequest, on connection: HTTPConnection) async -> HTTPAnswer {
            gateway.note(
                Request(
                    method: String(decoding: request.method, as: UTF8.self), body: request.body,
                    authorization: request.authorization.map { String(decoding: $0, as: UTF8.self) },
                    nodeId: request.nodeId.map { Array($0) }, nodeTime: request.nodeTime.map { Array($0) },
                    nodeSignature: request.nodeSignature.map { Array($0) },
                    certificate: connection.security?.peerCertificate))
        }

        func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
            HTTPAnswer(status: refusal.reason.status, body: [])
        }
    }

    private let state: Mutex<(requests: [Request], script: Script)>

    private init(_ script: Script) {
        state = Mutex(([], script))
    }

    package var requests: [Request] { state.withLock { $0.requests } }

    private func note(_ request: Request) -> HTTPAnswer {
        state.withLock { state in
            state.requests.append(request)
            let (status, body) = state.script.count > 1 ? state.script.removeFirst() : state.script[0]
            return HTTPAnswer(status: status, body: Array(body.utf8))
        }
    }

    /// Runs one for the time of the body.
    ///
    /// - Parameter idleTimeoutMilliseconds: how long a connection lives between two requests.
    package static func run(
        _ tls: ListenerTLS?, _ script: Script, idleTimeoutMilliseconds: Int64 = 60_000,
        during body: (TLSGateway, _ port: Int) async throws -> Void
    ) async throws {
        let gateway = TLSGateway(script)
        var limits = HTTPLimits()
        limits.idleTimeoutMilliseconds = idleTimeoutMilliseconds
        let server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton,
            routes: RouteTable([
                .init("/api/v1/intent", [.post]), .init("/api/v1/agents/{name}/instances/{id}", [.put, .delete]),
            ]), limits: limits, tls: tls
        ) { _ in Handler(gateway: gateway) }
        do {
            try await body(gateway, server.port)
        } catch {
            await server.drain(withinMilliseconds: 0)
            throw error
        }
        await server.drain(withinMilliseconds: 0)
    }
}
