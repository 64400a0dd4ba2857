import CertificateFiles
import GatewayHTTP
import IntentusClient

extension WorkerTLS {
    /// The listener's side of it, and the files that it is made of.
    ///
    /// - Throws: when a file or a principal cannot be used.
    func listener() throws(TLSFault) -> (tls: ListenerTLS, certificates: CertificateSet) {
        let credentials = TLSCredentials()
        let clients: ClientCertificates
        var rule: ServiceRule?
        switch callers {
        case .anyone: clients = .none
        case .trusted: clients = .require
        case .principals(let principals):
            clients = .require
            rule = try ServiceRule(principals, named: "WorkerTLS.callers")
        }
        guard clients == .none || !trustBundleFiles.isEmpty else {
            throw TLSFault("WorkerTLS.trustBundleFiles must name who vouches for callers")
        }
        let (isTLS13Only, required) = (isTLS13Only, rule)
        let certificates: CertificateSet
        do throws(TLSMaterialError) {
            certificates = try CertificateSet(
                use: "worker", identity: (certificateFile, keyFile), bundles: trustBundleFiles
            ) { material throws(TLSMaterialError) in
                // Gateways call workers by HTTP/1.1.
                let contexts = try material.listenerContexts(
                    clients: clients, isTLS13Only: isTLS13Only, offersHTTP2: false)
                guard let required else { return credentials.replace(by: contexts) }
                credentials.replace(by: contexts, verification: try required.callers(material))
            }
        } catch {
            throw TLSFault("\(error)")
        }
        var tls = ListenerTLS(credentials)
        switch mode {
        case .permissive: tls.mode = .permissive
        case .strict: tls.mode = .strict
        }
        // No browser calls a worker.
        tls.strictTransportSeconds = 0
        return (tls, certificates)
    }
}
