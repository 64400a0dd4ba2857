/// How much of a certificate's time is left, in the steps at which somebody is told.
package enum CertificateAge: String, Sendable, Hashable, CaseIterable {
    /// More than half.
    case fresh
    /// At most half: it should have been renewed by now.
    case half
    /// At most a fifth.
    case low
    /// At most a twentieth.
    case critical
    /// Nothing, or its time is yet to come.
    case expired

    /// The step at a Unix time.
    package init(_ facts: CertificateFacts, nowSeconds: Int64) {
        let whole = facts.notAfterSeconds - facts.notBeforeSeconds
        let left = facts.notAfterSeconds - nowSeconds
        self =
            if left <= 0 || nowSeconds < facts.notBeforeSeconds {
                .expired
            } else if left <= whole / 20 {
                .critical
            } else if left <= whole / 5 {
                .low
            } else if left <= whole / 2 {
                .half
            } else {
                .fresh
            }
    }
}
