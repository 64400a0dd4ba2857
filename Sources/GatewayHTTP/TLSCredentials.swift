import NIOCore
package import NIOSSL
import Synchronization

/// What new connections show and trust; replaced whole, while those that are open keep theirs.
package final class TLSCredentials: Sendable {
    /// A function must not be a Mutex's value itself: each look at it would wrap it in two more, for as long as the process runs.
    private struct State {
        var contexts: ListenerContexts?
        var verification: PeerVerification?
        /// Of these contexts: with others no session is resumed.
        let ends = VerifiedEnds()
    }

    private let state: Mutex<State>

    /// Decides about the certificates that a peer sent, each in DER, the leaf first.
    ///
    /// Called once in a handshake, on the connection's event loop, before the peer has been sent a byte of an answer.
    package typealias PeerVerification = @Sendable (_ chain: [[UInt8]]) -> CertificateVerdict

    /// - Parameters:
    ///   - contexts: nil refuses every connection until there are some.
    ///   - verification: decides in the place of the trust bundles of the contexts; nil leaves it to them.
    package init(_ contexts: ListenerContexts? = nil, verification: PeerVerification? = nil) {
        state = Mutex(State(contexts: contexts, verification: verification))
    }

    /// For connections that begin from now on.
    ///
    /// A session of the former contexts is not resumed: what was trusted then may not be trusted now.
    package func replace(by contexts: ListenerContexts, verification: PeerVerification? = nil) {
        state.withLock { $0 = State(contexts: contexts, verification: verification) }
    }

    /// What a connection that begins now is given.
    var inForce: (contexts: ListenerContexts?, verification: PeerVerification?) {
        state.withLock { ($0.contexts, $0.verification) }
    }

    /// The server's side of a new connection whose client sent this hello, and what finds out who the client is where the contexts'
    /// bundles do not; nil while there is nothing to show.
    func serverHandler(for hello: ClientHello?) -> (handler: NIOSSLServerHandler, check: CertificateCheck?)? {
        let (contexts, verification, ends) = state.withLock { ($0.contexts, $0.verification, $0.ends) }
        guard let context = contexts?.context(for: hello) else { return nil }
        guard let verification else { return (NIOSSLServerHandler(context: context), nil) }
        let check = CertificateCheck(ends, verification)
        return (NIOSSLServerHandler(context: context, customVerificationCallback: check.verify), check)
    }
}
