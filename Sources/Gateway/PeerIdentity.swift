package import Identity
import IntentProtocol

/// How peers prove which service they are; a value, fixed while a node runs.
package struct PeerProofs: Sendable {
    /// By the connection and X-Forwarded-Client-Cert.
    package var rules: PeerRules
    /// By a signature over the body; nil where no node may sign.
    package var nodes: NodeSignatureVerifier?
    /// By a service-account token.
    package var accounts: ServiceAccountIssuers

    package init(rules: PeerRules, nodes: NodeSignatureVerifier? = nil, accounts: ServiceAccountIssuers) {
        self.rules = rules
        self.nodes = nodes
        self.accounts = accounts
    }

    /// The same proofs, whose signatures are remembered elsewhere.
    package func remembering(in replays: any ReplayCache) -> PeerProofs {
        var proofs = self
        proofs.nodes = nodes?.remembering(in: replays)
        return proofs
    }
}

/// Who is at the other end of the connection, before any token is looked at.
///
/// Only the first stage can make one.
package struct PeerIdentity: Sendable {
    /// What the connection, its proxy and its signature agree on; a token may add to it.
    let resolution: PeerResolution
    /// The client's address behind trusted proxies; the TCP peer's where there are none.
    let clientAddress: NetworkAddress?

    fileprivate init(_ resolution: PeerResolution, clientAddress: NetworkAddress?) {
        self.resolution = resolution
        self.clientAddress = clientAddress
    }
}

extension Gateway {
    /// Establishes which service sends the request, where anything says so; what contradicts itself is refused.
    func identifyPeer(_ arrival: borrowing Arrival, _ journal: inout Journal) async throws(Refusal) -> PeerIdentity {
        do throws(PeerRefusal) {
            // A peer that showed who it is must not pass as one that did not.
            if let fault = arrival.connection.certificateFault { throw .certificate(fault) }
            // Connections live for days, and certificates for hours: their end is what takes a service's rights away.
            guard journal.record.timeNanoseconds / 1_000_000_000 < arrival.connection.certificateEndSeconds else {
                throw .certificate(.expired)
            }
            let forwarded = arrival.forwardedClientCertificate.map { [$0] } ?? []
            var resolution = PeerResolution(
                try peers.rules.peer(on: arrival.connection.peer, forwarded: forwarded))
            if let headers = arrival.nodeSignature {
                // Who signs expects to be believed or told; to pass by what was signed would be neither.
                guard let nodes = peers.nodes else { throw .nodeSignature(.unknownNode) }
                try resolution.add(
                    await nodes.verify(
                        headers, body: arrival.body, nowSeconds: journal.record.timeNanoseconds / 1_000_000_000))
            }
            note(resolution.identity, &journal)
            let connection = arrival.connection.peer
            let client = try peers.rules.addresses.client(on: connection, forwarded: arrival.forwardedFor)
            if connection.isAddressProxy, client != connection.address {
                journal.record.clientAddress = client?.description
            }
            return PeerIdentity(resolution, clientAddress: client)
        } catch {
            throw refusal(error, &journal)
        }
    }

    /// Adds what a verified token says about the service, and gives the service that all proofs agree on.
    func confirm(
        _ peer: PeerIdentity, by token: VerifiedToken?, _ journal: inout Journal
    ) throws(Refusal) -> ServiceIdentity? {
        guard let token else { return peer.resolution.identity }
        do throws(PeerRefusal) {
            var resolution = peer.resolution
            try resolution.add(try peers.accounts.identity(of: token))
            note(resolution.identity, &journal)
            return resolution.identity
        } catch {
            throw refusal(error, &journal)
        }
    }

    private func note(_ identity: ServiceIdentity?, _ journal: inout Journal) {
        guard let identity else { return }
        journal.record.principal = identity.principal
        journal.record.identitySource = identity.source.rawValue
    }

    /// Which proof failed, and for whom, is for the audit record alone.
    private func refusal(_ refusal: PeerRefusal, _ journal: inout Journal) -> Refusal {
        journal.record.peerFault = refusal.message
        let code: ErrorCode = refusal.isTemporary ? .agentUnavailable : .unauthorized
        return Refusal(
            IntentError(code, refusal.callerMessage, retryable: refusal.isTemporary),
            status: refusal.isTemporary ? 503 : 401, reason: refusal.reason, event: .peerRefused)
    }
}
