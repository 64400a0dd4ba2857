import Documents
import GatewayConfiguration
import GatewayHTTP
import Synchronization

/// What a node speaks TLS with: to its callers, and to workers.
struct NodeTLS: Sendable {
    /// Nil for a listener in plain text.
    let listener: ListenerTLS?
    /// For workers whose URL begins with https.
    let upstream: UpstreamTLS
    /// Every file of certificates, by use.
    let sets: [CertificateSet]

    /// Reads every file that the configuration names, and notes each one that cannot be used; nil when there is one.
    static func load(_ configuration: GatewayConfiguration, into diagnostics: Diagnostics) -> NodeTLS? {
        do throws(TLSMaterialError) {
            return try NodeTLS(configuration)
        } catch {
            diagnostics.error("\(error)", at: nil)
            return nil
        }
    }

    private init(_ configuration: GatewayConfiguration) throws(TLSMaterialError) {
        var sets: [CertificateSet] = []
        listener = try Self.listener(configuration.listen.tls, &sets)
        upstream = try Self.upstream(configuration, &sets)
        self.sets = sets
    }

    private static func upstream(
        _ configuration: GatewayConfiguration, _ sets: inout [CertificateSet]
    ) throws(TLSMaterialError) -> UpstreamTLS {
        let upstream = UpstreamTLS()
        let tls = configuration.routing.upstream.tls
        let isCalled = configuration.agents.contains { agent in
            agent.instances.contains { $0.url.lowercased().hasPrefix("https://") }
        }
        // Whoever registers may name https; otherwise there is no need to read the system's authorities.
        guard isCalled || configuration.registration != nil || tls != GatewayConfiguration.UpstreamTLS() else {
            return upstream
        }
        var identity: (certificate: String, key: String)?
        if let certificate = tls.certificateFile, let key = tls.keyFile { identity = (certificate, key) }
        sets.append(
            try CertificateSet(use: "upstream", identity: identity, bundles: tls.trustBundleFiles) {
                material throws(TLSMaterialError) in
                upstream.replace(by: try material.upstreamContexts())
            })
        return upstream
    }

    private static func listener(
        _ tls: GatewayConfiguration.ListenTLS, _ sets: inout [CertificateSet]
    ) throws(TLSMaterialError) -> ListenerTLS? {
        let mode: ListenerTLS.Mode
        switch tls.effectiveMode {
        case .disable: return nil
        case .permissive: mode = .permissive
        case .strict: mode = .strict
        }
        guard let certificate = tls.certificateFile, let key = tls.keyFile else {
            throw TLSMaterialError("listen.tls.mode \(tls.effectiveMode.rawValue) needs certificateFile and keyFile")
        }
        let clients = ClientCertificates(tls.effectiveClientCertificates)
        let isTLS13Only = tls.minimumVersion == .tls13
        let offersHTTP2 = tls.http2
        let credentials = TLSCredentials()
        sets.append(
            try CertificateSet(use: "listen", identity: (certificate, key), bundles: tls.trustBundleFiles) {
                material throws(TLSMaterialError) in
                credentials.replace(
                    by: try material.listenerContext(
                        clients: clients, isTLS13Only: isTLS13Only, offersHTTP2: offersHTTP2))
            })
        var listener = ListenerTLS(credentials)
        listener.mode = mode
        listener.handshakeTimeoutMilliseconds = Int64(tls.handshakeTimeoutMilliseconds)
        listener.handshakesMax = tls.handshakesMax
        listener.strictTransportSeconds = tls.strictTransportSeconds
        listener.http2.streamsMax = tls.streamsMax
        return listener
    }
}

extension ClientCertificates {
    init(_ configured: GatewayConfiguration.ListenTLS.ClientCertificates) {
        self =
            switch configured {
            case .none: .none
            case .request: .request
            case .require: .require
            }
    }
}
