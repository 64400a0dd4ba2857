import Synchronization

/// What the handshakes of a listener came to; written by its event loops, read by whoever asks.
package final class TLSGauges: Sendable {
    /// Why a connection never became one; the raw value is the stable name for metrics.
    package enum Failure: String, Sendable, CaseIterable {
        /// The first byte was not TLS, and the listener takes nothing else.
        case notTLS = "not_tls"
        /// The first byte was TLS, and the listener takes plain text alone.
        case notPlain = "not_plain"
        /// There were as many handshakes as may be.
        case tooMany = "too_many"
        case timeout
        /// The peer went away or sent something that is not TLS.
        case broken
        case version
        case cipher
        case noCertificate = "no_certificate"
        case untrustedCertificate = "untrusted_certificate"
        case expiredCertificate = "expired_certificate"

        /// Whether it was the peer's certificate, or its lack of one, and not what it spoke.
        package var isOfCertificate: Bool {
            switch self {
            case .noCertificate, .untrustedCertificate, .expiredCertificate: true
            case .notTLS, .notPlain, .tooMany, .timeout, .broken, .version, .cipher: false
            }
        }
    }

    private let running = Atomic<Int>(0)
    private let completed = Mutex<[String: Int]>([:])
    private let failures = Mutex<[Failure: Int]>([:])

    private let http2Faults = Mutex<[HTTP2Fault: Int]>([:])

    package init() {}

    /// Handshakes that have begun and are not over.
    package var handshakesInFlight: Int { running.load(ordering: .relaxed) }
    /// Handshakes that became connections, by protocol: `TLSv1.3 h2`.
    package var completedCounts: [String: Int] { completed.withLock { $0 } }
    /// Connections that ended before they were any, by reason.
    package var failureCounts: [Failure: Int] { failures.withLock { $0 } }

    /// HTTP/2 connections that ended early, and streams that were broken, by reason.
    package var http2FaultCounts: [HTTP2Fault: Int] { http2Faults.withLock { $0 } }

    /// Counts a handshake unless there are as many as may be.
    func began(max: Int) -> Bool {
        guard running.wrappingAdd(1, ordering: .relaxed).newValue <= max else {
            running.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func ended() { running.wrappingSubtract(1, ordering: .relaxed) }

    func succeeded(_ kind: String) { completed.withLock { $0[kind, default: 0] += 1 } }

    func http2Failed(_ fault: HTTP2Fault) { http2Faults.withLock { $0[fault, default: 0] += 1 } }

    func failed(_ reason: Failure) { failures.withLock { $0[reason, default: 0] += 1 } }
}
