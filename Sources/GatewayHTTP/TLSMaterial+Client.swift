package import NIOSSL

extension TLSMaterial {
    /// What clients that are not ours are made from: our certificate where there is one, and the bundles, or the system's
    /// authorities where there are none; the server's certificate and name are verified.
    ///
    /// - Throws: when the files do not fit together.
    package func clientConfiguration() throws(TLSMaterialError) -> TLSConfiguration {
        let configuration = configuration(.makeClientConfiguration())
        // Made once to see that it can be: whoever takes it makes another each time.
        _ = try made(configuration)
        return configuration
    }

    /// The context of connections to a server that speaks another protocol than HTTP.
    package func clientContext() throws(TLSMaterialError) -> NIOSSLContext {
        try made(configuration(.makeClientConfiguration()))
    }
}
