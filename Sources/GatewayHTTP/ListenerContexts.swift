package import NIOSSL

/// What a listener shakes hands with, all of it made from the same files.
///
/// Of the suites that both speak BoringSSL takes the client's first, and the library does not show the switch for it. A context
/// that speaks the one alone that is preferred leaves nothing to choose; TLS 1.3 is the same with each.
package struct ListenerContexts: Sendable {
    /// Speaks everything that is spoken here.
    package let whole: NIOSSLContext
    /// Of TLS 1.2 each speaks this alone; none where TLS 1.2 is not spoken.
    private let single: [TLS12Cipher: NIOSSLContext]

    init(whole: NIOSSLContext, single: [TLS12Cipher: NIOSSLContext] = [:]) {
        self.whole = whole
        self.single = single
    }

    /// The one for a client; tickets are of one context, and the same client is given the same one.
    ///
    /// - Parameter hello: nil where it could not be read.
    func context(for hello: ClientHello?) -> NIOSSLContext {
        hello?.preferred.flatMap { single[$0] } ?? whole
    }
}
