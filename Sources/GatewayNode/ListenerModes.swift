import Authorization
import Documents
import GatewayConfiguration
import GatewayHTTP

/// How the listener's own mode and the PeerAuthentications become one: a policy may ask for more, and gives leave for less only
/// where the listener leaves it to policies.
struct ListenerModes: Sendable {
    private let tls: GatewayConfiguration.ListenTLS
    private let port: UInt16
    /// Whether a proxy in front sees to the PeerAuthentications.
    private let isLeftToSidecar: Bool

    init(_ configuration: GatewayConfiguration) {
        tls = configuration.listen.tls
        port = UInt16(clamping: configuration.listen.port)
        isLeftToSidecar = configuration.authorization.peerAuthentication == .sidecar
    }

    /// What is asked of connections to a port.
    func mode(port: UInt16, _ policies: CompiledAuthorization?) -> ListenerTLS.Mode {
        let stated = isLeftToSidecar ? nil : policies?.statedPeerMode(port: port)?.mode
        switch (tls.effectiveMode, stated) {
        case (.disable, _): return .disable
        case (_, .strict): return .mutual
        case (.strict, _): return .strict
        case (.permissive, _): return .permissive
        case (.policy, .disable): return .disable
        case (.policy, .permissive), (.policy, nil): return .permissive
        }
    }

    /// Refuses what the listener cannot do, and warns of resources that it does not follow.
    func check(_ policies: CompiledAuthorization, into diagnostics: Diagnostics) {
        for resource in policies.idlePeerAuthentications {
            diagnostics.warning(
                "PeerAuthentication \(resource.fullName): a selector in the root namespace reaches no workload",
                at: resource.location)
        }
        guard !isLeftToSidecar else { return }
        let listener = "listen.tls.mode \(tls.effectiveMode.rawValue)"
        guard let stated = policies.statedPeerMode(port: port) else {
            if tls.effectiveMode == .policy {
                diagnostics.warning(
                    "no PeerAuthentication speaks of this gateway, so \(listener) takes plain text and TLS", at: nil)
            }
            return
        }
        let asks = "PeerAuthentication \(stated.resource) asks for \(stated.mode.rawValue) on port \(port)"
        switch (stated.mode, tls.effectiveMode) {
        case (.strict, .disable):
            diagnostics.error(
                "\(asks), and \(listener) takes plain text alone: give listen.tls certificateFile, keyFile and "
                    + "trustBundleFiles, or set authorization.peerAuthentication: sidecar where a proxy in front speaks TLS",
                at: nil)
        case (.strict, _):
            guard tls.effectiveClientCertificates == .none else { return }
            diagnostics.error(
                "\(asks), which needs certificates of clients: give listen.tls trustBundleFiles, and clientCertificates "
                    + "request or require", at: nil)
        case (.permissive, .disable):
            diagnostics.warning("\(asks), and \(listener) takes plain text alone", at: nil)
        case (.permissive, .strict), (.disable, .strict):
            diagnostics.warning("\(asks); \(listener) is stricter, and stays", at: nil)
        case (.disable, .permissive):
            diagnostics.warning("\(asks); \(listener) takes TLS too, and stays", at: nil)
        case (.permissive, .permissive), (.permissive, .policy), (.disable, .disable), (.disable, .policy):
            break
        }
    }
}
