import NIOCore
package import NIOSSL

/// Whether clients show certificates.
package enum ClientCertificates: Sendable, Hashable {
    /// None is asked for.
    case none
    /// One that is shown must be trusted; none need be shown.
    case request
    /// Without a trusted one the handshake fails.
    case require
}

extension TLSMaterial {
    /// The contexts of a listener.
    ///
    /// The host name in a client's certificate is never looked at: it says nothing about who the client is.
    ///
    /// - Parameters:
    ///   - isTLS13Only: whether TLS 1.2 is refused.
    ///   - offersHTTP2: whether a client may choose HTTP/2.
    ///   - names: what is shown to clients that ask for other names.
    /// - Throws: when the files do not fit together or do not suffice.
    package func listenerContexts(
        clients: ClientCertificates, isTLS13Only: Bool = false, offersHTTP2: Bool = true, names: ServerNames? = nil
    ) throws(TLSMaterialError) -> ListenerContexts {
        guard !chain.isEmpty, let key else { throw TLSMaterialError("a listener needs a certificate and its key") }
        guard clients == .none || roots != nil else {
            throw TLSMaterialError("certificates of clients need a trust bundle that they are verified by")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(certificateChain: [], privateKey: .privateKey(key))
        configuration.minimumTLSVersion = isTLS13Only ? .tlsv13 : .tlsv12
        configuration.applicationProtocols = offersHTTP2 ? ["h2", "http/1.1"] : ["http/1.1"]
        configuration.certificateVerification =
            switch clients {
            case .none: .none
            case .request: .optionalVerification
            case .require: .noHostnameVerification
            }
        if let names {
            configuration.sslContextCallback = { asked, promise in
                promise.succeed(names.override(for: asked.serverHostname) ?? .noChanges)
            }
        }
        configuration = self.configuration(configuration)
        let whole = try made(configuration)
        guard !isTLS13Only else { return ListenerContexts(whole: whole) }
        var single: [TLS12Cipher: NIOSSLContext] = [:]
        for cipher in TLS12Cipher.allCases {
            configuration.cipherSuites = cipher.suites
            single[cipher] = try made(configuration)
        }
        return ListenerContexts(whole: whole, single: single)
    }
}
