import RedisFixtures

/// An Envoy in front of a gateway on this machine: it ends mutual TLS and says who called, as Istio's sidecar does.
///
/// The gateway knows it by the address that its connections come from, and believes nobody else.
final class Sidecar: Sendable {
    private static let address = "127.0.0.2"

    let gateway: MeshGateway
    let envoy: EnvoyProcess
    /// The same in plain text, as a sidecar that does not insist on mutual TLS has it.
    let plainPort: Int
    private let ports: [EnvoyParts.Forwarding: Int]

    static let shared = Result { try Sidecar(MeshCertificates.shared.get()) }

    private init(_ certificates: MeshCertificates) throws {
        let (gatewayPort, workerPort) = (try FreePorts.next(), try FreePorts.next())
        let plainPort = try FreePorts.next()
        let ports = try Dictionary(
            uniqueKeysWithValues: EnvoyParts.Forwarding.allCases.map { ($0, try FreePorts.next()) })
        let security = EnvoyParts.server(
            certificates.gateway, authorityFile: certificates.authorityFile, trustDomain: "cluster.local")
        let secured = ports.map { forwarding, port in
            EnvoyParts.listener(
                forwarding.rawValue, port: port, security: security,
                manager: EnvoyParts.forwarding(to: "gateway", certificates: forwarding))
        }
        let plain = EnvoyParts.listener(
            "plain", port: plainPort, manager: EnvoyParts.forwarding(to: "gateway", certificates: .appendForward))
        envoy = try EnvoyProcess(
            listeners: secured + [plain, MeshWorker.listener(port: workerPort)],
            clusters: [EnvoyParts.cluster("gateway", port: gatewayPort, from: Self.address)])
        gateway = try MeshGateway(port: gatewayPort, worker: workerPort, trusting: ["\(Self.address)/32"])
        self.plainPort = plainPort
        self.ports = ports
    }

    /// The port where it forwards certificates this way.
    func port(_ forwarding: EnvoyParts.Forwarding) -> Int { ports[forwarding] ?? 0 }
}
