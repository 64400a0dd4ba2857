import Documents
import GatewayConfiguration
import GatewayHTTP
import Identity
import IntentProtocol
import Observability
import Synchronization

/// What a node speaks TLS with: to its callers, and to workers.
struct NodeTLS: Sendable {
    /// Nil for a listener in plain text.
    let listener: ListenerTLS?
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
        listener = try Self.listener(configuration.listen.tls, configuration.mesh, &sets)
        self.sets = sets
    }

    private static func listener(
        _ tls: GatewayConfiguration.ListenTLS, _ mesh: GatewayConfiguration.Mesh, _ sets: inout [CertificateSet]
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
        let files = tls.trustBundleFiles + tls.federatedBundles.compactMap(\.file)
        sets.append(
            try CertificateSet(use: "listen", identity: (certificate, key), bundles: files) {
                material throws(TLSMaterialError) in
                let context = try material.listenerContext(
                    clients: clients, isTLS13Only: isTLS13Only, offersHTTP2: offersHTTP2)
                guard clients != .none else { return credentials.replace(by: context) }
                let verifier = try Self.verifier(of: material, tls, mesh)
                credentials.replace(by: context) { chain in
                    let now = Timestamp.unixNanoseconds() / 1_000_000_000
                    do throws(CertificateRefusal) {
                        _ = try verifier.verify(chain, as: .client, nowSeconds: now)
                        return true
                    } catch {
                        return false
                    }
                }
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

extension NodeTLS {
    /// Clients are services: their ID names a trust domain, and the bundle of that one alone vouches for it.
    private static func verifier(
        of material: TLSMaterial, _ tls: GatewayConfiguration.ListenTLS, _ mesh: GatewayConfiguration.Mesh
    ) throws(TLSMaterialError) -> CertificateVerifier {
        let table: TrustDomainTable
        do {
            table = try TrustDomainTable(mesh)
        } catch {
            throw TLSMaterialError("\(error)")
        }
        var bundles = [table.own: tls.trustBundleFiles.flatMap { material.bundles[$0] ?? [] }]
        for bundle in tls.federatedBundles {
            guard let domain = TrustDomain(bundle.trustDomain), let file = bundle.file else {
                throw TLSMaterialError("listen.tls.federatedBundles: '\(bundle.trustDomain)' is no trust domain")
            }
            bundles[domain] = material.bundles[file] ?? []
        }
        do throws(TrustBundleFault) {
            return try CertificateVerifier(table, bundles: bundles)
        } catch {
            throw TLSMaterialError("listen.tls: the trust bundle \(error.problem)")
        }
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
