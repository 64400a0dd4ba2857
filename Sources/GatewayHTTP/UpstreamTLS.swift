import NIOCore
import NIOSSL
import Synchronization

/// TLS to workers: our certificate, whom we trust, and who decides which service a worker is.
package final class UpstreamTLS: Sendable {
    /// Decides about the certificates that a worker sent, each in DER, the leaf first, where a service is expected.
    ///
    /// It takes the place of the trust bundles and of the host name; called on an event loop.
    package typealias ServiceVerification = @Sendable (_ chain: [[UInt8]], _ principal: String) -> CertificateVerdict

    /// One context for each way to verify.
    package struct Contexts: Sendable {
        /// The certificate must be for the host.
        let named: NIOSSLContext
        /// Whatever the certificate's host is.
        let unnamed: NIOSSLContext
        /// The Unix second in which what we show ourselves is over.
        let endSeconds: Int64

        init(named: NIOSSLContext, unnamed: NIOSSLContext, endSeconds: Int64 = .max) {
            self.named = named
            self.unnamed = unnamed
            self.endSeconds = endSeconds
        }
    }

    /// The client's side of a new connection.
    struct Handshake {
        let handler: NIOSSLClientHandler
        /// What finds out which service the worker is; nil where a host name does.
        let check: CertificateCheck?
        private let ownEndSeconds: Int64

        init(_ handler: NIOSSLClientHandler, _ check: CertificateCheck?, ownEndSeconds: Int64) {
            self.handler = handler
            self.check = check
            self.ownEndSeconds = ownEndSeconds
        }

        /// The Unix second in which the first of the certificates is over that either side has shown; asked once it is done.
        var endSeconds: Int64 {
            let leafEnd = handler.peerCertificate.map { Int64($0.notValidAfter) } ?? .max
            guard case .trusted(let chainEnd)? = check?.verdict else { return min(ownEndSeconds, leafEnd) }
            return min(ownEndSeconds, leafEnd, chainEnd)
        }
    }

    /// A worker that was refused for what its certificates say.
    package struct Refusal: Sendable {
        package let host: String
        package let port: Int
        package let principal: String
        package let certificate: RefusedCertificate
    }

    private struct State {
        var contexts: Contexts?
        var verification: ServiceVerification?
    }

    /// A function must not be a Mutex's value itself: each look at it would wrap it in two more, for as long as the process runs.
    private struct Listener {
        var take: @Sendable (Refusal) -> Void = { _ in }
    }

    private let state: Mutex<State>
    private let failed = Atomic<Int>(0)
    private let refusals = Mutex<[String: Int]>([:])
    private let listener = Mutex(Listener())

    /// Connections that ended in their handshake, or because the worker is another service.
    package var failures: Int { failed.load(ordering: .relaxed) }

    /// Certificates of workers that were not believed, by reason.
    package var refusedCertificateCounts: [String: Int] { refusals.withLock { $0 } }

    /// Who is told of refused workers, on an event loop.
    package func onRefusal(_ take: @escaping @Sendable (Refusal) -> Void) {
        listener.withLock { $0 = Listener(take: take) }
    }

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
    func handshake(_ security: UpstreamSecurity, host: String) -> Handshake? {
        let (contexts, verification) = state.withLock { ($0.contexts, $0.verification) }
        guard let contexts else { return nil }
        // An address is no name that a server could choose its certificate by.
        let name = (try? SocketAddress(ipAddress: host, port: 0)) == nil ? host : nil
        let check: CertificateCheck?
        let handler: NIOSSLClientHandler?
        switch security {
        case .none: return nil
        case .hostName:
            check = nil
            handler = try? NIOSSLClientHandler(context: contexts.named, serverHostname: name)
        case .principal(let principal):
            guard let verification else { return nil }
            let asked = CertificateCheck { chain in verification(chain, principal) }
            check = asked
            handler = try? NIOSSLClientHandler(
                context: contexts.unnamed, serverHostname: name, customVerificationCallback: asked.verify)
        }
        return handler.map { Handshake($0, check, ownEndSeconds: contexts.endSeconds) }
    }

    func handshakeFailed(_ endpoint: UpstreamEndpoint, _ refused: RefusedCertificate?) {
        failed.wrappingAdd(1, ordering: .relaxed)
        guard let refused, case .principal(let principal) = endpoint.security else { return }
        refusals.withLock { $0[refused.reason, default: 0] += 1 }
        let take = listener.withLock { $0 }.take
        take(Refusal(host: endpoint.host, port: endpoint.port, principal: principal, certificate: refused))
    }
}
