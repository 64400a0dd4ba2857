import CertificateFiles
import Documents
import GatewayConfiguration
import GatewayHTTP
import Identity
import IntentProtocol
import KeySources
import Observability
import RedisState
import Synchronization

/// What a node speaks TLS with: to its callers, and to workers.
struct NodeTLS: Sendable {
    /// Nil for a listener in plain text.
    let listener: ListenerTLS?
    /// Nil for an admin plane in plain text.
    let admin: ListenerTLS?
    /// For workers whose URL begins with https.
    let upstream: UpstreamTLS
    /// To Redis; nil where that is plain TCP, or there is none.
    let redis: RedisTLS?
    /// To issuers, by their names; none where files of ours say nothing.
    let issuers: [String: KeySetTLS]
    /// To the receiver of traces; nil where that is plain HTTP, or there is none.
    let traces: UpstreamTLS?
    /// Every file of certificates, by use.
    let sets: [CertificateSet]
    /// What is to be said of certificates that can be used all the same.
    let warnings: Warnings

    /// Collected whenever files are read, taken away by whoever says them.
    final class Warnings: Sendable {
        private let texts = Mutex<[String]>([])

        func add(_ text: String) { texts.withLock { $0.append(text) } }

        func take() -> [String] {
            texts.withLock { texts in
                defer { texts = [] }
                return texts
            }
        }
    }

    /// Reads every file that the configuration names, and notes each one that cannot be used; nil when there is one.
    static func load(
        _ configuration: GatewayConfiguration, _ secrets: NodeSecrets, into diagnostics: Diagnostics
    ) -> NodeTLS? {
        do throws(TLSMaterialError) {
            let tls = try NodeTLS(configuration, secrets)
            for warning in tls.warnings.take() { diagnostics.warning(warning, at: nil) }
            return tls
        } catch {
            diagnostics.error("\(error)", at: nil)
            return nil
        }
    }

    private init(_ configuration: GatewayConfiguration, _ secrets: NodeSecrets) throws(TLSMaterialError) {
        var sets: [CertificateSet] = []
        let warnings = Warnings()
        self.warnings = warnings
        listener = try Self.listener(configuration.listen.tls, "listen", configuration.mesh, (secrets, warnings), &sets)
        admin = try Self.listener(
            configuration.admin.tls.listener, "admin", configuration.mesh, (secrets, warnings), &sets)
        upstream = try Self.upstream(configuration, secrets, warnings, &sets)
        redis = try configuration.store.redis.flatMap { redis throws(TLSMaterialError) in
            try Self.redis(redis, secrets, &sets)
        }
        var issuers: [String: KeySetTLS] = [:]
        for issuer in configuration.authentication.issuers {
            issuers[issuer.issuer] = try Self.issuer(issuer, secrets, &sets)
        }
        self.issuers = issuers
        traces = try configuration.traces.flatMap { traces throws(TLSMaterialError) in
            try Self.traces(traces, secrets, &sets)
        }
        self.sets = sets
    }

    private static func upstream(
        _ configuration: GatewayConfiguration, _ secrets: NodeSecrets, _ warnings: Warnings,
        _ sets: inout [CertificateSet]
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
        let own = secrets.identity(tls.certificateFile, tls.keyFile)
        let mesh = configuration.mesh
        let files = tls.trustBundleFiles + tls.federatedBundles.compactMap(\.file)
        sets.append(
            try CertificateSet(use: "upstream", identity: own.identity, suppliedKey: own.suppliedKey, bundles: files) {
                material throws(TLSMaterialError) in
                let contexts = try material.upstreamContexts()
                // The system's authorities name hosts; none of them can say which service a worker is.
                guard !files.isEmpty else { return upstream.replace(by: contexts) }
                warnings.check(material, "routing.upstream.tls")
                let table = try Self.table(mesh, federated: tls.federatedBundles.map(\.trustDomain))
                let verifier = try Self.verifier(
                    of: material, table, tls.trustBundleFiles, tls.federatedBundles, "routing.upstream.tls")
                upstream.replace(by: contexts) { chain, principal in
                    let now = Timestamp.unixNanoseconds() / 1_000_000_000
                    guard let service = try? SPIFFEID(principal: principal.utf8) else {
                        return .refused(
                            RefusedCertificate(reason: "principal_invalid", message: "\(principal) is none"))
                    }
                    return CertificateVerdict { () throws(CertificateRefusal) in
                        try verifier.verify(chain, of: service, nowSeconds: now)
                    }
                }
            })
        return upstream
    }

    private static func listener(
        _ tls: GatewayConfiguration.ListenTLS, _ use: String, _ mesh: GatewayConfiguration.Mesh,
        _ around: (secrets: NodeSecrets, warnings: Warnings),
        _ sets: inout [CertificateSet]
    ) throws(TLSMaterialError) -> ListenerTLS? {
        let mode: ListenerTLS.Mode
        switch tls.effectiveMode {
        case .disable: return nil
        case .permissive: mode = .permissive
        // Until the policies are asked, nothing that a policy could forbid is taken.
        case .strict, .policy: mode = .strict
        }
        let own = around.secrets.identity(tls.certificateFile, tls.keyFile)
        guard own.identity != nil else {
            throw TLSMaterialError("\(use).tls.mode \(tls.effectiveMode.rawValue) needs certificateFile and keyFile")
        }
        let clients = ClientCertificates(tls.effectiveClientCertificates)
        let isTLS13Only = tls.minimumVersion == .tls13
        let offersHTTP2 = tls.http2
        let credentials = TLSCredentials()
        let names = tls.serverNames.isEmpty ? nil : ServerNames()
        for name in tls.serverNames {
            let own = around.secrets.identity(name.certificateFile, name.keyFile)
            guard let names, own.identity != nil else { continue }
            sets.append(
                try CertificateSet(
                    use: "\(use) \(name.hosts[0])", identity: own.identity, suppliedKey: own.suppliedKey, bundles: []
                ) {
                    material throws(TLSMaterialError) in try names.show(material, for: name.hosts)
                })
        }
        let files = tls.trustBundleFiles + tls.federatedBundles.compactMap(\.file)
        sets.append(
            try CertificateSet(use: use, identity: own.identity, suppliedKey: own.suppliedKey, bundles: files) {
                material throws(TLSMaterialError) in
                let contexts = try material.listenerContexts(
                    clients: clients, isTLS13Only: isTLS13Only, offersHTTP2: offersHTTP2, names: names)
                guard clients != .none else { return credentials.replace(by: contexts) }
                around.warnings.check(material, "\(use).tls")
                let table = try Self.table(
                    mesh,
                    federated: use == "listen" ? mesh.federatedTrustDomains : tls.federatedBundles.map(\.trustDomain))
                let verifier = try Self.verifier(
                    of: material, table, tls.trustBundleFiles, tls.federatedBundles, "\(use).tls")
                credentials.replace(by: contexts) { chain in
                    let now = Timestamp.unixNanoseconds() / 1_000_000_000
                    return CertificateVerdict { () throws(CertificateRefusal) in
                        try verifier.verify(chain, as: .client, nowSeconds: now)
                    }
                }
            })
        var listener = ListenerTLS(credentials)
        listener.mode = mode
        listener.handshakeTimeoutMilliseconds = Int64(tls.handshakeTimeoutMilliseconds)
        listener.handshakesMax = tls.handshakesMax
        listener.handshakesPerPeerMax = tls.effectiveHandshakesPerPeerMax
        listener.strictTransportSeconds = tls.strictTransportSeconds
        listener.http2.streamsMax = tls.streamsMax
        listener.http2.bufferedBytesMax = tls.streamBytesMax
        return listener
    }
}

extension NodeTLS {
    private static func table(
        _ mesh: GatewayConfiguration.Mesh, federated: [String]
    ) throws(TLSMaterialError) -> TrustDomainTable {
        // Where the gateway calls, a bundle may be missing; a bundle of nobody whom it believes may not stand there.
        if let stranger = federated.first(where: { !mesh.federatedTrustDomains.contains($0) }) {
            throw TLSMaterialError("federatedBundles: '\(stranger)' is not among mesh.federatedTrustDomains")
        }
        var mesh = mesh
        mesh.federatedTrustDomains = federated
        do {
            return try TrustDomainTable(mesh)
        } catch {
            throw TLSMaterialError("\(error)")
        }
    }

    /// Peers are services: their ID names a trust domain, and the bundle of that one alone vouches for it.
    ///
    /// - Parameter key: what messages call the section of the configuration.
    private static func verifier(
        of material: TLSMaterial, _ table: TrustDomainTable, _ own: [String],
        _ federated: [GatewayConfiguration.FederatedBundle], _ key: String
    ) throws(TLSMaterialError) -> CertificateVerifier {
        var bundles = [table.own: own.flatMap { material.bundles[$0] ?? [] }]
        for bundle in federated {
            guard let domain = TrustDomain(bundle.trustDomain), let file = bundle.file else {
                throw TLSMaterialError("\(key).federatedBundles: '\(bundle.trustDomain)' is no trust domain")
            }
            bundles[domain] = material.bundles[file] ?? []
        }
        do throws(TrustBundleFault) {
            return try CertificateVerifier(table, bundles: bundles)
        } catch {
            throw TLSMaterialError("\(key): the trust bundle \(error.problem)")
        }
    }
}

extension NodeTLS.Warnings {
    /// Where peers show which service they are, they will want to know the same of us.
    func check(_ material: TLSMaterial, _ key: String) {
        let now = Timestamp.unixNanoseconds() / 1_000_000_000
        guard let leaf = material.leaf, let fault = CertificateVerifier.faultOfOwn(der: leaf, nowSeconds: now) else {
            return
        }
        add("\(key).certificateFile names no service, and peers that expect one will refuse it: \(fault.message)")
    }
}

extension CertificateVerdict {
    /// What verifying comes to.
    fileprivate init(_ verify: () throws(CertificateRefusal) -> VerifiedCertificate) {
        do throws(CertificateRefusal) {
            self = .trusted(untilSeconds: try verify().notAfterSeconds)
        } catch {
            self = .refused(RefusedCertificate(reason: error.reason, message: error.message))
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
