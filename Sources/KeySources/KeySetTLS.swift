package import NIOSSL
import Synchronization

/// TLS to an issuer: trust, certificate and key of the fetches that begin; replaced whole while fetches run.
package final class KeySetTLS: Sendable {
    private let active: Mutex<TLSConfiguration>

    /// Takes settings that verify the server's certificate and its name.
    package init(_ configuration: TLSConfiguration) {
        active = Mutex(configuration)
    }

    var configuration: TLSConfiguration { active.withLock { $0 } }

    /// For fetches that begin from now on.
    package func replace(by configuration: TLSConfiguration) {
        active.withLock { $0 = configuration }
    }
}
