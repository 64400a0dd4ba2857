import GatewayHTTP
import Identity
import Synchronization

/// How old the certificates of a node's files are, and which of them have taken a step since that was last asked (pitfall S32).
final class CertificateAges: Sendable {
    /// A file whose first certificate has come to another step.
    struct Step: Sendable, Hashable {
        let file: String
        let age: CertificateAge
        /// Unix seconds.
        let endsAt: Int64
    }

    private let known = Mutex<[String: CertificateAge]>([:])

    /// The files that have come to another step than when this was last asked; a file that is fresh from the start has not.
    func steps(_ expiries: [TLSMaterial.Expiry], nowSeconds: Int64) -> [Step] {
        known.withLock { known in
            expiries.compactMap { expiry in
                let age = CertificateAge(expiry, nowSeconds: nowSeconds)
                guard known[expiry.file, default: .fresh] != age else { return nil }
                known[expiry.file] = age
                return Step(file: expiry.file, age: age, endsAt: expiry.notAfterUnixSeconds)
            }
        }
    }

    /// The oldest, where it is old enough that somebody should do something.
    static func alarm(_ expiries: [TLSMaterial.Expiry], nowSeconds: Int64) -> String? {
        expiries.map { ($0, CertificateAge($0, nowSeconds: nowSeconds)) }.filter { $0.1.isAlarming }
            .min { $0.0.notAfterUnixSeconds < $1.0.notAfterUnixSeconds }
            .map { expiry, age in "'\(expiry.file)' \(age.message)" }
    }
}

extension CertificateAge {
    init(_ expiry: TLSMaterial.Expiry, nowSeconds: Int64) {
        self.init(
            notBeforeSeconds: expiry.notBeforeUnixSeconds, notAfterSeconds: expiry.notAfterUnixSeconds,
            nowSeconds: nowSeconds)
    }

    var isAlarming: Bool {
        switch self {
        case .fresh, .half: false
        case .low, .critical, .expired: true
        }
    }

    /// What it says of a file, without its name.
    var message: String {
        switch self {
        case .fresh: "holds a certificate with most of its time to come"
        case .half: "holds a certificate with less than half of its time to come: it should have been renewed"
        case .low: "holds a certificate with less than a fifth of its time to come: renew it"
        case .critical: "holds a certificate with less than a twentieth of its time to come: renew it now"
        case .expired: "holds a certificate that has expired: nobody believes it"
        }
    }
}
