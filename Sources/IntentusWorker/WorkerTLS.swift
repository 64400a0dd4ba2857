/// How a worker listens by TLS: what it shows of itself, and which callers it lets in.
///
/// The files are looked at every second: new ones take effect with the next connection, and what cannot be used leaves the
/// former ones in force.
public struct WorkerTLS: Sendable, Hashable {
    /// Which connections are taken.
    public enum Mode: Sendable, Hashable {
        /// TLS and plain HTTP on one port, for the time of a change-over: who calls by plain HTTP is asked for nothing.
        case permissive
        /// TLS alone.
        case strict
    }

    /// Whom a worker answers by TLS; others fail in the handshake.
    public enum Callers: Sendable, Hashable {
        /// Whoever can connect: the worker shows who it is, and asks nobody.
        case anyone
        /// Whoever shows a certificate that the trust bundles vouch for.
        case trusted
        /// These services of one trust domain, such as `cluster.local/ns/default/sa/gateway`.
        case principals([String])
    }

    /// Which connections are taken.
    public var mode = Mode.strict
    /// Our certificate and those between it and its authority, a PEM file.
    public var certificateFile: String
    /// The certificate's key, a PEM file.
    public var keyFile: String
    /// Who vouches for callers, PEM files.
    public var trustBundleFiles: [String]
    /// Whom the worker answers.
    public var callers: Callers
    /// Whether TLS 1.2 is refused.
    public var isTLS13Only = false

    /// TLS alone, for these callers.
    public init(certificateFile: String, keyFile: String, trustBundleFiles: [String], callers: Callers) {
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.trustBundleFiles = trustBundleFiles
        self.callers = callers
    }
}
