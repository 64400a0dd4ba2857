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
    ///   - verification: nil has the bundles verify the chain and then compares the only URI of the leaf.
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
            guard let verification else {
                return try? NIOSSLClientHandler(context: contexts.unnamed, serverHostname: name)
            }
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

    /// Whether the worker at the other end of a handshake is the expected service.
    func admits(_ leaf: NIOSSLCertificate?, as security: UpstreamSecurity) -> Bool {
        guard case .principal(let principal) = security else { return true }
        guard let leaf else { return false }
        // Whoever verifies services has done so in the handshake.
        guard state.withLock({ $0.verification == nil }) else { return true }
        return leaf.names(service: principal)
    }
}

extension NIOSSLCertificate {
    /// Whether the certificate's only URI is the SPIFFE ID of the service.
    fileprivate func names(service principal: String) -> Bool {
        var found = 0
        var matches = false
        for name in _subjectAlternativeNames() where name.nameType == .uri {
            found += 1
            matches = name.contents.withUnsafeBufferPointer { $0.elementsEqual("spiffe://\(principal)".utf8) }
        }
        return found == 1 && matches
    }
}
