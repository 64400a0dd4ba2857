import RedisFixtures

/// An Envoy that calls a gateway by HTTP/2 over mutual TLS, as many services and as some that are none.
final class Egress: Sendable {
    /// Whom Envoy calls as; each has a listener and a cluster of its own.
    enum Caller: String, CaseIterable, Sendable {
        case apiGateway
        case reports
        /// A certificate of the mesh's authority for a service of another trust domain.
        case foreign
        /// A certificate for a service of the mesh by an authority that nobody knows.
        case stranger
        /// No certificate.
        case nobody
        /// The ingress, which the gateway trusts to say who called; it takes mutual TLS itself.
        case ingress
        /// A service that nobody trusts to say who called, and which says so all the same.
        case pretender
    }

    let gateway: MeshGateway
    let envoy: EnvoyProcess
    private let ports: [Caller: Int]

    static let shared = Result { try Egress(MeshCertificates.shared.get()) }

    private init(_ certificates: MeshCertificates) throws {
        let (gatewayPort, workerPort) = (try FreePorts.next(), try FreePorts.next())
        let ports = try Dictionary(uniqueKeysWithValues: Caller.allCases.map { ($0, try FreePorts.next()) })
        let mutual = EnvoyParts.server(
            certificates.gateway, authorityFile: certificates.authorityFile, trustDomain: "cluster.local")
        let listeners = ports.map { caller, port in
            let forwards = caller == .ingress || caller == .pretender
            return EnvoyParts.listener(
                caller.rawValue, port: port, security: forwards ? mutual : nil,
                manager: EnvoyParts.forwarding(to: caller.rawValue, certificates: forwards ? .sanitizeSet : nil))
        }
        let clusters = Caller.allCases.map { caller in
            EnvoyParts.cluster(
                caller.rawValue, port: gatewayPort,
                security: EnvoyParts.client(
                    certificates.pair(of: caller), authorityFile: certificates.authorityFile,
                    service: MeshCertificates.gatewayService), http2: true)
        }
        envoy = try EnvoyProcess(listeners: listeners + [MeshWorker.listener(port: workerPort)], clusters: clusters)
        gateway = try MeshGateway(
            port: gatewayPort, worker: workerPort, trusting: ["spiffe://cluster.local/ns/istio-system/sa/ingress"],
            tls: """
                { certificateFile: "\(certificates.gateway.certificateFile)", \
                keyFile: "\(certificates.gateway.keyFile)", trustBundleFiles: ["\(certificates.authorityFile)"] }
                """)
        self.ports = ports
    }

    func port(_ caller: Caller) -> Int { ports[caller] ?? 0 }
}

extension MeshCertificates {
    fileprivate func pair(of caller: Egress.Caller) -> TestCertificates.Pair? {
        switch caller {
        case .apiGateway: apiGateway
        case .reports, .pretender: reports
        case .foreign: foreign
        case .stranger: all.strangeClient
        case .nobody: nil
        case .ingress: ingress
        }
    }
}
