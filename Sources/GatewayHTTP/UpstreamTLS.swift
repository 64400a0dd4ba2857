import NIOCore
import NIOSSL
import Synchronization

/// TLS to workers: our certificate, whom we trust, and who decides which service a worker is.
package final class UpstreamTLS: Sendable {
    /// Decides about the certificates that a worker sent, each in DER, the leaf first, where a service is expected.
    ///
    /// It takes the place of the trust bundles and of the host name; called on an event loop.
    package typealias ServiceVerification = @Sendable (_ chain: [[UInt8]], _ principal: String) -> Bool

    /// One context for each way to verify.
    package struct Contexts: Sendable {
        /// The certificate must be for the host.
        let named: NIOSSLContext
        /// Whatever the certificate's host is.
        let unnamed: NIOSSLContext
    }

    private struct State {
        var contexts: Contexts?
        var verification: ServiceVerification?
    }

    private let state: Mutex<State>
    private let failed = Atomic<Int>(0)

    /// Connections that ended in their handshake, or because the worker is another service.
    package var failures: Int { failed.load(ordering: .relaxed) }

    /// - Parameters:
    ///   - contexts: nil calls no worker by TLS until there are some.
    ///   - verification: nil calls no worker that has to be a certain service.
    package init(_ contexts: Contexts? = nil, verification: ServiceVerification? = nil) {
        state = Mutex(State(contexts: contexts, verification: verification))
    }

    /// For connections that begin from now on.
    package func replace(by contexts: Contexts, verification: ServiceVerification? = nil) {
        state.withLock { $0 = State(contexts: contexts, verification: verification) }
    }

    /// The client's side of a new connection; nil where it cannot be made.
    func clientHandler(_ security: UpstreamSecurity, host: String) -> NIOSSLClientHandler? {
        let (contexts, verification) = state.withLock { ($0.contexts, $0.verification) }
        guard let contexts else { return nil }
        // An address is no name that a server could choose its certificate by.
        let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
        switch security {
        case .none: return nil
        case .hostName: return try? NIOSSLClientHandler(context: contexts.named, serverHostname: name)
        case .principal(let principal):
            guard let verification else { return nil }
            return try? NIOSSLClientHandler(
                context: contexts.unnamed, serverHostname: name,
                customVerificationCallback: { certificates, promise in
                    let chain = certificates.compactMap { try? $0.toDERBytes() }
                    let isWhole = chain.count == certificates.count
                    promise.succeed(isWhole && verification(chain, principal) ? .certificateVerified : .failed)
                })
        }
    }

    func handshakeFailed() { failed.wrappingAdd(1, ordering: .relaxed) }
}
