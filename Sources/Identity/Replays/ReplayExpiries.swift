/// The hashes of proofs by when they expire, in periods of about a second; times in nanoseconds of a monotonic clock.
struct ReplayExpiries {
    /// A period is 2^30 nanoseconds.
    private static let periodBits: Int64 = 30
    /// Periods that have a list of their own; those of windows of five minutes on both sides and more.
    private static let nearCount: Int64 = 1024

    /// Lists of periods from the oldest on, each at its number modulo their count.
    private var near: [[UInt64]] = []
    /// Lists of periods that were further away when their first proof came.
    private var far: [Int64: [UInt64]] = [:]
    /// The first period that may have proofs.
    private var oldest: Int64 = 0
    private var count = 0

    /// Proofs are added at times that ``next(nowNanoseconds:)`` was asked about just before.
    mutating func add(_ hash: UInt64, expiresAt: Int64) {
        // Of two that come at once the later may have asked first, and taken the period away.
        let period = max(expiresAt >> Self.periodBits, oldest)
        count += 1
        if period - oldest < Self.nearCount {
            if near.isEmpty { near = Array(repeating: [], count: Int(Self.nearCount)) }
            near[Self.place(of: period)].append(hash)
        } else {
            far[period, default: []].append(hash)
        }
    }

    /// Takes out a hash of a period that is over; nil when there is none.
    mutating func next(nowNanoseconds now: Int64) -> UInt64? {
        let period = now >> Self.periodBits
        while oldest < period {
            guard count > 0 else {
                oldest = period
                return nil
            }
            let place = Self.place(of: oldest)
            if !near.isEmpty, let hash = near[place].popLast() {
                count -= 1
                return hash
            }
            if !far.isEmpty, var list = far.removeValue(forKey: oldest), let hash = list.popLast() {
                if near.isEmpty { near = Array(repeating: [], count: Int(Self.nearCount)) }
                near[place] = list
                count -= 1
                return hash
            }
            // Gives its memory back.
            if !near.isEmpty { near[place] = [] }
            oldest += 1
        }
        return nil
    }

    private static func place(of period: Int64) -> Int { Int(period & (nearCount - 1)) }
}
