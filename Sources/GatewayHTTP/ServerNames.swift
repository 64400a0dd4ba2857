import NIOSSL
import Synchronization

/// The certificates of a listener that has several: each is shown to the clients that ask for one of its names.
package final class ServerNames: Sendable {
    private struct Shown: Sendable {
        let chain: [NIOSSLCertificate]
        let key: NIOSSLPrivateKey
    }

    private struct State {
        var exact: [String: Shown] = [:]
        /// By what follows the star: `.example.com`.
        var suffixes: [String: Shown] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// Shows a certificate to the clients that ask for one of these names from now on.
    ///
    /// - Parameter names: in lower case, `api.example.com` or `*.example.com`, which stands for one label.
    /// - Throws: when the key is not that of the certificate, or there is none.
    package func show(_ material: TLSMaterial, for names: [String]) throws(TLSMaterialError) {
        // Made and thrown away: one finds out whether the two fit together.
        _ = try material.listenerContexts(clients: .none, isTLS13Only: true)
        guard let key = material.key else { return }
        let shown = Shown(chain: material.chain, key: key)
        state.withLock { state in
            for name in names {
                if name.hasPrefix("*.") {
                    state.suffixes[String(name.dropFirst())] = shown
                } else {
                    state.exact[name] = shown
                }
            }
        }
    }

    /// What to show instead of the listener's own certificate; nil for a name that is nobody's, and for none.
    func override(for name: String?) -> NIOSSLContextConfigurationOverride? {
        guard let name = name?.lowercased() else { return nil }
        let found = state.withLock { state in
            state.exact[name] ?? name.firstIndex(of: ".").flatMap { state.suffixes[String(name[$0...])] }
        }
        guard let found else { return nil }
        var override = NIOSSLContextConfigurationOverride()
        override.certificateChain = found.chain.map { .certificate($0) }
        override.privateKey = .privateKey(found.key)
        return override
    }
}
