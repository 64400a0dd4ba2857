import NIOSSL

extension TLSMaterial {
    /// The contexts of connections to workers: our certificate where there is one, and the bundles, or the system's authorities
    /// where there are none.
    package func upstreamContexts() throws(TLSMaterialError) -> UpstreamTLS.Contexts {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification = .fullVerification
        let named = try context(configuration)
        configuration.certificateVerification = .noHostnameVerification
        return UpstreamTLS.Contexts(
            named: named, unnamed: try context(configuration),
            endSeconds: chain.map { Int64($0.notValidAfter) }.min() ?? .max)
    }
}
