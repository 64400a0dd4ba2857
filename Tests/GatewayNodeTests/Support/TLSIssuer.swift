import Foundation
import GatewayHTTP
import NIOCore
import NIOPosix
import RedisFixtures

/// A server of a key set by TLS that asks for its caller's certificate.
final class TLSIssuer: Sendable {
    private struct KeySetHandler: HTTPHandler {
        let keySet: String

        func accept(_ connection: HTTPConnection) {}

        func handle(_ request: consuming HTTPRequest, on connection: Void) async -> HTTPAnswer {
            HTTPAnswer(status: 200, body: Array(keySet.utf8))
        }

        func answer(_ refusal: HTTPRefusal, route: Int?) -> HTTPAnswer {
            HTTPAnswer(status: refusal.reason.status, body: [])
        }
    }

    private let server: HTTPServer<KeySetHandler>

    init(_ pair: TestCertificates.Pair, clientsOf authorityFile: String, keySet: String) async throws {
        let file = { (path: String) in
            PEMFile(name: path, bytes: [UInt8](try Data(contentsOf: URL(filePath: path))))
        }
        let material = try TLSMaterial(
            identity: (try file(pair.certificateFile), try file(pair.keyFile)), bundles: [try file(authorityFile)],
            unixSeconds: Int64(Date().timeIntervalSince1970))
        server = try await HTTPServer.start(
            host: "127.0.0.1", port: 0, group: MultiThreadedEventLoopGroup.singleton,
            routes: RouteTable([.init("/jwks.json", [.get])]), limits: HTTPLimits(),
            tls: ListenerTLS(TLSCredentials(try material.listenerContexts(clients: .require)))
        ) { _ in KeySetHandler(keySet: keySet) }
    }

    var url: String { "https://127.0.0.1:\(server.port)/jwks.json" }

    func stop() async { await server.drain(withinMilliseconds: 0) }
}
