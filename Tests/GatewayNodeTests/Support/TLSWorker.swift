import Foundation
import GatewayHTTP
import NIOCore
import NIOPosix
import RedisFixtures

/// An agent worker that shows a certificate, asks for its caller's, and answers every call with success.
final class TLSWorker: Sendable {
    private struct Success: HTTPHandler {
        func accept(_ connection: HTTPConnection) {}

        func handle(_ request: consuming HTTPRequest, on connection: Void) async -> HTTPAnswer {
            HTTPAnswer(status: 200, body: Array(ScriptedWorker.success.utf8))
        }

        func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
            HTTPAnswer(status: refusal.reason.status, body: [])
        }
    }

    private let server: HTTPServer<Success>

    init(_ pair: TestCertificates.Pair, authorityFile: String) async throws {
        let file = { (path: String) in
            PEMFile(name: path, bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
        }
        let material = try TLSMaterial(
            identity: (try file(pair.certificateFile), try file(pair.keyFile)), bundles: [try file(authorityFile)],
            unixSeconds: Int64(Date().timeIntervalSince1970))
        server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton,
            routes: RouteTable([.init("/execute-agent", [.post])]), limits: HTTPLimits(),
            tls: ListenerTLS(TLSCredentials(try material.listenerContexts(clients: .require)))
        ) { _ in Success() }
    }

    var url: String { "https://127.0.0.1:\(server.port)/execute-agent" }

    func stop() async { await server.drain(withinMilliseconds: 0) }
}
