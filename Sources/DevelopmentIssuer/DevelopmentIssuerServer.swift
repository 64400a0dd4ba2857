import Foundation
import HTTPTypes
import Hummingbird
package import Logging
import NIOCore

/// A token issuer for development: `GET /jwks.json` and `POST /token`, on loopback only.
package struct DevelopmentIssuerServer: Sendable {
    /// Why the server does not start.
    package enum Failure: Error, CustomStringConvertible {
        case notLoopback(String)

        package var description: String {
            switch self {
            case .notLoopback(let host):
                "the development issuer gives a token to whoever asks: it listens on 127.0.0.1 or ::1, not on \(host)"
            }
        }
    }

    /// What a caller of `POST /token` may choose; everything has a default.
    struct TokenRequest: Decodable {
        var subject: String?
        var roles: [String]?
        var tenant: String?
        var lifetimeSeconds: Int?
    }

    private let key: DevelopmentKey
    private let issuer: String
    private let audience: String
    private let host: String
    private let port: Int

    package init(key: DevelopmentKey, issuer: String, audience: String, host: String, port: Int) throws(Failure) {
        guard ["127.0.0.1", "::1", "localhost"].contains(host) else { throw .notLoopback(host) }
        self.key = key
        self.issuer = issuer
        self.audience = audience
        self.host = host
        self.port = port
    }

    /// Serves until the task is cancelled or the process gets SIGTERM or SIGINT.
    package func run(logger: Logger, onServerRunning: @escaping @Sendable (Int) -> Void) async throws {
        let router = Router()
        let jwks = try key.jwks()
        router.get("/jwks.json") { _, _ in
            Self.json(jwks)
        }
        router.post("/token") { request, _ in
            let body = try await request.body.collect(upTo: 64 * 1024)
            let wanted =
                body.readableBytes == 0
                ? TokenRequest() : try JSONDecoder().decode(TokenRequest.self, from: Data(body.readableBytesView))
            let claims = DevelopmentClaims(
                issuer: issuer, audience: audience, subject: wanted.subject ?? "alice",
                roles: wanted.roles ?? ["user"], tenant: wanted.tenant ?? "acme",
                lifetimeSeconds: min(max(wanted.lifetimeSeconds ?? 3600, 1), 86_400))
            let answer = ["access_token": try key.sign(claims), "token_type": "Bearer"]
            return Self.json(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { channel in onServerRunning(channel.localAddress?.port ?? 0) }, logger: logger)
        try await application.runService()
    }

    private static func json(_ text: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }
}
