/// How an ask for a lease ended, for those who waited for it.
enum LeaseEnd: Sendable, Hashable {
    /// The store answered, whatever it gave.
    case answered
    /// It did not within the budget, which those who waited have then paid too.
    case unavailable
}

/// Somebody who waits for a lease.
typealias LeaseWaiter = UnsafeContinuation<LeaseEnd, Never>
