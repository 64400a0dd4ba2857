import IntentProtocol

/// A token of Vault and its lease: when it is used, when renewed, when another is needed.
struct VaultTokenState: Sendable {
    /// A token as Vault handed it out.
    struct Lease: Sendable, Equatable {
        let token: SecretBytes
        /// 0 for a token without an end.
        let seconds: Int64
        let isRenewable: Bool
    }

    /// What is to be done for a token to be there.
    enum Action: Sendable, Equatable {
        case use(SecretBytes)
        /// The token is good, and it is time to renew it.
        case renew(SecretBytes)
        case logIn
    }

    private struct Held {
        let lease: Lease
        let sinceNanoseconds: Int64
        /// The lease of the token when it was new: a renewal that gives much less is near the token's last day.
        let firstSeconds: Int64
        /// When a renewal is tried; later after one that failed.
        var renewsAtNanoseconds: Int64?
        var endsAtNanoseconds: Int64? {
            lease.seconds == 0 ? nil : sinceNanoseconds + lease.seconds * 1_000_000_000
        }
    }

    /// A renewal that failed is tried again after this, while the token is good.
    static let retryNanoseconds: Int64 = 5_000_000_000

    private var held: Held?

    /// What a request that needs a token does now.
    func action(nowNanoseconds now: Int64) -> Action {
        guard let held else { return .logIn }
        if let end = held.endsAtNanoseconds, now >= end { return .logIn }
        if let time = held.renewsAtNanoseconds, now >= time { return .renew(held.lease.token) }
        return .use(held.lease.token)
    }

    /// The token while it is good, whatever else is due.
    func usable(nowNanoseconds now: Int64) -> SecretBytes? {
        guard let held, held.endsAtNanoseconds.map({ now < $0 }) ?? true else { return nil }
        return held.lease.token
    }

    /// When something is due next without being asked; nil when nothing is.
    var dueAtNanoseconds: Int64? {
        guard let held else { return nil }
        return held.renewsAtNanoseconds ?? held.endsAtNanoseconds
    }

    /// A login gave a token.
    mutating func loggedIn(_ lease: Lease, nowNanoseconds now: Int64) {
        held = Held(
            lease: lease, sinceNanoseconds: now, firstSeconds: lease.seconds,
            renewsAtNanoseconds: Self.renewal(lease, now))
    }

    /// A renewal succeeded.
    ///
    /// - Parameter canLogIn: whether another token can be had: then one that can hardly be renewed any more is let go early.
    mutating func renewed(_ lease: Lease, canLogIn: Bool, nowNanoseconds now: Int64) {
        let first = held?.firstSeconds ?? lease.seconds
        if canLogIn, lease.seconds > 0, lease.seconds * 2 < first { return held = nil }
        held = Held(
            lease: lease, sinceNanoseconds: now, firstSeconds: first, renewsAtNanoseconds: Self.renewal(lease, now))
    }

    /// A renewal failed; the token is good until its end all the same.
    mutating func renewalFailed(nowNanoseconds now: Int64) {
        held?.renewsAtNanoseconds = now + Self.retryNanoseconds
    }

    /// Vault refused the token: it was revoked, or ended before its time.
    ///
    /// - Returns: whether it is the one that was held; another has taken its place already otherwise.
    mutating func refused(_ token: SecretBytes) -> Bool {
        guard held?.lease.token == token else { return false }
        held = nil
        return true
    }

    /// At two thirds of the lease, as Vault's own agent does.
    private static func renewal(_ lease: Lease, _ now: Int64) -> Int64? {
        lease.isRenewable && lease.seconds > 0 ? now + lease.seconds * 1_000_000_000 * 2 / 3 : nil
    }
}
