import Gateway
import GatewayHTTP
import Identity
import IntentProtocol
import Observability

/// Establishes what is known of a connection before its first request: the addresses, and the service that its certificate names.
struct ConnectionReader: Sendable {
    let rules: PeerRules
    private let certificates = CertificateFactsReader()

    init(rules: PeerRules) {
        self.rules = rules
    }

    func read(_ connection: HTTPConnection) -> ArrivalConnection {
        let shown = connection.security?.peerCertificate.map(identity(ofLeaf:))
        var identity: ServiceIdentity?
        var fault: CertificateRefusal?
        var end = Int64.max
        switch shown {
        case .success(let known):
            // The chain may end before the leaf: an authority above it is over then.
            (identity, end) = (known.0, min(known.1, connection.security?.certificateEndSeconds ?? .max))
        case .failure(let refusal): fault = refusal
        case nil: break
        }
        return ArrivalConnection(
            remoteAddress: connection.remoteAddress,
            peer: rules.connection(address: NetworkAddress(packed: connection.remotePacked), identity: identity),
            destinationAddress: NetworkAddress(packed: connection.localPacked),
            destinationPort: UInt16(truncatingIfNeeded: connection.localPort), certificateFault: fault,
            certificateEndSeconds: end, isTLS: connection.security != nil, serverName: connection.security?.serverName)
    }

    /// The service that a certificate names whose chain the handshake found to be good, and the Unix second of its end.
    private func identity(ofLeaf leaf: [UInt8]) -> Result<(ServiceIdentity, Int64), CertificateRefusal> {
        let now = Timestamp.unixNanoseconds() / 1_000_000_000
        do throws(CertificateRefusal) {
            let facts = try certificates.facts(der: leaf)
            let bundle = try rules.domains.bundle(vouchingFor: facts.serviceID(nowSeconds: now))
            return .success(
                (try rules.domains.identity(of: facts, chainedTo: bundle, nowSeconds: now), facts.notAfterSeconds))
        } catch {
            return .failure(error)
        }
    }
}
