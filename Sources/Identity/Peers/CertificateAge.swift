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

    /// The step at a Unix time of what is valid from one second to another.
    package init(notBeforeSeconds: Int64, notAfterSeconds: Int64, nowSeconds: Int64) {
        let whole = notAfterSeconds - notBeforeSeconds
        let left = notAfterSeconds - nowSeconds
        self =
            if left <= 0 || nowSeconds < notBeforeSeconds {
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
