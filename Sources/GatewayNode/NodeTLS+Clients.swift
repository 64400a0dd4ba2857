import CertificateFiles
import GatewayConfiguration
import GatewayHTTP
import IntentProtocol
import KeySources
import RedisState

extension NodeTLS {
    /// What Redis is spoken to with, kept up to date by one more set.
    static func redis(
        _ redis: GatewayConfiguration.Redis, _ secrets: NodeSecrets, _ sets: inout [CertificateSet]
    ) throws(TLSMaterialError) -> RedisTLS? {
        guard redis.speaksTLS else { return nil }
        let files = redis.tls ?? GatewayConfiguration.ClientTLS()
        let holder = FirstValue<RedisTLS>()
        let set = try CertificateSet(use: "redis", files, secrets) { material throws(TLSMaterialError) in
            let context = try material.clientContext()
            holder.set(make: { RedisTLS(context) }, replace: { $0.replace(by: context) })
        }
        // Without files there is nothing to watch: the system's authorities are read at the start.
        if set.hasFiles { sets.append(set) }
        return holder.value
    }

    /// What the keys of an issuer are fetched with, kept up to date by one more set; nil where no file of ours says anything.
    static func issuer(
        _ issuer: GatewayConfiguration.Issuer, _ secrets: NodeSecrets, _ sets: inout [CertificateSet]
    ) throws(TLSMaterialError) -> KeySetTLS? {
        guard issuer.jwks.url?.hasPrefix("https://") == true else { return nil }
        var files = issuer.tls ?? GatewayConfiguration.ClientTLS()
        files.caFile = files.caFile ?? issuer.jwks.caFile
        guard files != GatewayConfiguration.ClientTLS() else { return nil }
        let holder = FirstValue<KeySetTLS>()
        sets.append(
            try CertificateSet(use: "issuer \(issuer.issuer)", files, secrets) { material throws(TLSMaterialError) in
                let configuration = try material.clientConfiguration()
                holder.set(make: { KeySetTLS(configuration) }, replace: { $0.replace(by: configuration) })
            })
        return holder.value
    }

    /// What the receiver of traces is spoken to with, kept up to date by one more set.
    static func traces(
        _ traces: GatewayConfiguration.Traces, _ secrets: NodeSecrets, _ sets: inout [CertificateSet]
    ) throws(TLSMaterialError) -> UpstreamTLS? {
        guard traces.endpoint.hasPrefix("https://") else { return nil }
        let tls = UpstreamTLS()
        let set = try CertificateSet(use: "traces", traces.tls ?? GatewayConfiguration.ClientTLS(), secrets) {
            material throws(TLSMaterialError) in
            tls.replace(by: try material.upstreamContexts())
        }
        if set.hasFiles { sets.append(set) }
        return tls
    }
}

extension CertificateSet {
    /// The files of a client of ours.
    fileprivate convenience init(
        use: String, _ files: GatewayConfiguration.ClientTLS, _ secrets: NodeSecrets,
        put: @escaping @Sendable (TLSMaterial) throws(TLSMaterialError) -> Void
    ) throws(TLSMaterialError) {
        let own = secrets.identity(files.certificateFile, files.keyFile)
        try self.init(
            use: use, identity: own.identity, suppliedKey: own.suppliedKey, bundles: [files.caFile].compactMap(\.self),
            put: put)
    }
}

extension NodeSecrets {
    /// A certificate's file and its key: in a file, too, or from a source of secrets.
    func identity(
        _ certificate: String?, _ key: SecretSetting?
    ) -> (identity: (certificate: String, key: String)?, suppliedKey: CertificateSet.SuppliedKey?) {
        guard let certificate, let key else { return (nil, nil) }
        switch key {
        case .path(let path): return ((certificate, path), nil)
        case .reference(let reference):
            let supplied = CertificateSet.SuppliedKey(name: reference.description) {
                self.current(reference).map { ($0.bytes.reveal(), $0.generation) }
            }
            return ((certificate, reference.description), supplied)
        case .inline: return (nil, nil)
        }
    }
}
