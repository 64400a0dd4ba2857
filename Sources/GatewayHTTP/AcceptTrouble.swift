#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What to do when the system gives no connection: errors in, decisions out, no clock.
///
/// Without a pause the loop would ask again at once, and again, for the caller still waits in the listener's queue.
struct AcceptTrouble: Sendable {
    /// How long nothing is accepted after the system had nothing left to make a connection of.
    static let pauseMilliseconds: Int64 = 100
    /// How much time there is between two reports at least.
    static let reportIntervalNanoseconds: Int64 = 60_000_000_000

    private var lastReportNanoseconds: Int64?
    private var unreported = 0

    /// Whether an error means that file descriptors or memory are short; any other concerns one caller alone, who may not hold up
    /// the others.
    static func isShortage(_ code: Int32) -> Bool {
        code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM
    }

    /// Takes a failure.
    ///
    /// - Returns: how many failures there were since the last report, when it is time for one.
    mutating func failed(nowNanoseconds: Int64) -> Int? {
        unreported += 1
        if let last = lastReportNanoseconds, nowNanoseconds - last < Self.reportIntervalNanoseconds { return nil }
        lastReportNanoseconds = nowNanoseconds
        defer { unreported = 0 }
        return unreported
    }
}
