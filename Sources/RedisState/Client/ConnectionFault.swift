import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// What a fault of a connection means, in words for the log.
enum ConnectionFault {
    /// What OpenSSL's words, wherever in a TLS error, mean here.
    private static let meanings = [
        ("CERTIFICATE_VERIFY_FAILED", "the server's certificate is not of an authority we trust: set ca"),
        ("CERTIFICATE_REQUIRED", "the server asks for a client certificate: set cert and key"),
        ("HANDSHAKE_FAILURE", "the server refuses the handshake: it may ask for a client certificate"),
        ("ALERT_UNKNOWN_CA", "the server does not trust our certificate"),
        ("ALERT_BAD_CERTIFICATE", "the server does not accept our certificate"),
        ("WRONG_VERSION_NUMBER", "the server does not speak TLS on this port"),
    ]

    static func reason(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            return error.connectionErrors.first.map { "\($0.error)" } ?? error.dnsAError.map { "\($0)" } ?? "\(error)"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "TLS: the server's certificate is for another host than the one in the URL"
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            let text = "\(error)"
            guard let known = meanings.first(where: { text.contains($0.0) }) else { return "TLS: \(text)" }
            return "TLS: \(known.1)"
        case let error as IOError where error.errnoCode == ECONNRESET || error.errnoCode == EPIPE:
            return RedisConnection.closedByServer
        default: return "\(error)"
        }
    }
}
