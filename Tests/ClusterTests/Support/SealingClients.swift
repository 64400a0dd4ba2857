import Encryption
import Foundation
import IntentProtocol
import Synchronization

/// Clients that seal each request by the ring as it is now, as the SDK does.
final class SealingClients: Sendable {
    private let ring: Mutex<KeyRing>
    private let token: String
    private let tenant: String
    private let sealedBy = Mutex<[String: Int]>([:])

    init(_ ring: KeyRing, tenant: String) throws {
        self.ring = Mutex(ring)
        self.tenant = tenant
        token = try GatewayCluster.token(tenant: tenant)
    }

    /// How many requests each key has sealed.
    var counts: [String: Int] { sealedBy.withLock { $0 } }

    /// The ring of a file.
    static func read(_ path: String) throws -> KeyRing {
        try KeyRingDocument.read(Array(try Data(contentsOf: URL(fileURLWithPath: path))), file: path)
    }

    /// Takes a ring of a file up.
    func take(_ path: String) throws {
        let next = try Self.read(path)
        ring.withLock { $0 = next.continuing($0) }
    }

    /// A request as it goes over the wire; empty, which nobody answers, when there is no key for it.
    func request() -> [UInt8] {
        let ring = ring.withLock { $0 }
        guard let body = try? sealed(by: ring) else { return [] }
        if let id = ring.activeKey(.v2, for: .clients, atUnixMilliseconds: Self.now)?.id {
            sealedBy.withLock { $0[id, default: 0] += 1 }
        }
        let head = [
            "POST /api/v1/intent HTTP/1.1", "host: gateway", "content-type: application/json",
            "content-length: \(body.count)", "authorization: Bearer \(token)",
            "x-intentus-timeout-ms: \(Scale.deadlineMilliseconds)",
        ]
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
    }

    /// The body of a request that some key sealed.
    func sealed(by ring: KeyRing) throws -> [UInt8] {
        let context = EMCLContext(
            .request, caller: "user:load", tenant: tenant, intent: "SummarizeIntent", intentVersion: "1.0",
            requestId: "req-1")
        return try ring.seal(
            Array(GatewayCluster.envelope.utf8), context, nowUnixMilliseconds: Self.now,
            randomBits: { UInt64.random(in: .min ... .max) }
        ).frame
    }

    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1_000) }
}
