import IntentProtocol

/// Why a peer's identity could not be established.
package enum PeerRefusal: Error, Sendable, Hashable {
    /// Its certificate is not believed.
    case certificate(CertificateRefusal)
    /// A trusted proxy sent an X-Forwarded-Client-Cert that is not believed.
    case forwarded(ForwardedFault)
    /// A peer that is no trusted proxy sent an X-Forwarded-Client-Cert.
    case untrustedForwarding
    /// A trusted proxy sent an X-Forwarded-For in which the client's place holds no address.
    case forwardedAddress
    /// Its node signature is not believed.
    case nodeSignature(NodeSignatureFault)
    /// The replay cache could not say whether a node signature was used before; worth another try.
    case replayCacheUnavailable
    /// The subject of its service-account token is not in the form of Kubernetes.
    case serviceAccountSubject
    /// Two sources name different services.
    case disagreement(ServiceIdentity, ServiceIdentity)

    /// What a caller may be told: nothing about which proof failed, or who it was taken for.
    package var callerMessage: String {
        switch self {
        case .replayCacheUnavailable: "the peer's identity cannot be checked now; try again later"
        case .certificate, .forwarded, .untrustedForwarding, .forwardedAddress, .nodeSignature, .serviceAccountSubject,
            .disagreement:
            "the peer's identity is not accepted"
        }
    }

    /// What is wrong, for the log and the audit record.
    package var message: String {
        switch self {
        case .certificate(let refusal): refusal.message
        case .forwarded(let fault): "X-Forwarded-Client-Cert \(fault.problem)"
        case .untrustedForwarding:
            "X-Forwarded-Client-Cert came from a peer that is not among the trusted proxies"
        case .forwardedAddress: "X-Forwarded-For holds no address where the trusted proxies should have put one"
        case .nodeSignature(let fault): "the node signature \(fault.problem)"
        case .replayCacheUnavailable: "the replay cache does not say whether the node signature was used before"
        case .serviceAccountSubject:
            "the token's subject is not 'system:serviceaccount:<namespace>:<name>' with names that Kubernetes allows"
        case .disagreement(let one, let other):
            "\(one.source.rawValue) says \(one.principal), \(other.source.rawValue) says \(other.principal)"
        }
    }

    /// The stable name for metrics and audit.
    package var reason: String {
        switch self {
        case .certificate(let refusal): refusal.reason
        case .forwarded: "xfcc_refused"
        case .untrustedForwarding: "xfcc_untrusted"
        case .forwardedAddress: "xff_unreadable"
        case .nodeSignature(.replayed): "node_signature_replayed"
        case .nodeSignature: "node_signature_refused"
        case .replayCacheUnavailable: "replay_cache_unavailable"
        case .serviceAccountSubject: "service_account_subject"
        case .disagreement: "identity_disagreement"
        }
    }

    /// Whether the fault is ours and the same request may pass later.
    package var isTemporary: Bool { self == .replayCacheUnavailable }
}
