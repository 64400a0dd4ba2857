import Foundation
import IntentProtocol
import LoadClient
import Synchronization

/// A service that signs each of its requests: every proof is good once, and Redis remembers for all gateways which were used.
final class SigningClients: Sendable {
    static let tenant = "signed"
    /// What the gateways' configuration says of it.
    static let configuration = """
        mesh:
          nodes:
            - { id: edge-1, service: "spiffe://cluster.local/ns/default/sa/edge", secretFile: edge.secret }
        """
    static let files = ["edge.secret": "the secret of edge-1\n"]
    /// The requests beside ``FaultRun/limits``, without a limit: a small part of all.
    static let limit = TenantLimit(tenant: tenant, perMinute: 0, burst: 0, perSecond: Scale.of(20, soak: 100))

    private let secret = Secret("the secret of edge-1")
    private let token: String
    private let count = Atomic(0)

    init() throws { token = try GatewayCluster.token(tenant: Self.tenant) }

    /// Its requests, each with a proof of its own.
    var load: LoadRequest { LoadRequest(name: Self.tenant, weight: Self.limit.perSecond) { self.request() } }

    private func request() -> [UInt8] {
        let number = count.add(1, ordering: .relaxed).newValue
        let body = GatewayCluster.envelope.replacing("\"req-1\"", with: "\"req-\(number)\"")
        let signature = NodeSignature(
            signing: body.utf8, nodeId: "edge-1", secret: secret, unixSeconds: Int64(Date().timeIntervalSince1970))
        let head = [
            "POST /api/v1/intent HTTP/1.1", "host: gateway", "content-type: application/json",
            "content-length: \(body.utf8.count)", "authorization: Bearer \(token)",
            "x-intentus-timeout-ms: \(Scale.deadlineMilliseconds)", "x-intentus-node-id: edge-1",
            "x-intentus-node-ts: \(signature.timestamp)", "x-intentus-node-signature: \(signature.signature)",
        ]
        return Array((head.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
    }
}
