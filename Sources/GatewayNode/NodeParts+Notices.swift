import Gateway
import GatewayHTTP
import IntentProtocol
import Logging
import Observability

extension NodeParts {
    /// Logs what the listener has to say.
    func report(_ notice: ServerNotice) {
        switch notice {
        case .acceptFailed(let count, let reason):
            logger.error(
                "connections cannot be accepted: raise the limit of open files, or lower listen.connectionsMax",
                metadata: ["failures": "\(count)", "reason": "\(reason)"])
        case .certificateRefused(let certificate, let peer): noteRefused(certificate, peer: peer)
        case .listenerEnded:
            logger.critical("the listener of the data plane has ended: the node must be started anew")
        }
    }

    /// Audits a client whose handshake was refused; logs one of each reason in a while.
    private func noteRefused(_ certificate: RefusedCertificate, peer: String) {
        var record = AuditRecord(.peerRefused, unixNanoseconds: Timestamp.unixNanoseconds(), action: "handshake")
        record.remoteAddress = peer
        record.outcome = .unauthorized
        record.reason = certificate.reason
        record.peerFault = certificate.message
        audit.append(record)
        log(
            certificate, of: "client", "a client was refused in its handshake", metadata: ["peer": "\(peer)"])
    }

    /// Logs workers that are not the services they should be; one of each reason in a while.
    func reportRefusedWorkers() {
        tls.upstream.onRefusal { [weak self] refusal in
            self?.log(
                refusal.certificate, of: "worker", "a worker is not called, because it cannot show who it is",
                metadata: ["worker": "\(refusal.host):\(refusal.port)", "principal": "\(refusal.principal)"])
        }
    }

    private func log(
        _ certificate: RefusedCertificate, of peer: String, _ message: Logger.Message, metadata: Logger.Metadata
    ) {
        let now = Timestamp.monotonicNanoseconds() / 1_000_000_000
        guard let heldBack = refusalsLogged.admit("\(peer) \(certificate.reason)", nowSeconds: now) else { return }
        let facts: Logger.Metadata = [
            "reason": "\(certificate.reason)", "finding": "\(certificate.message)", "more": "\(heldBack)",
        ]
        logger.warning(message, metadata: facts.merging(metadata) { _, new in new })
    }
}
