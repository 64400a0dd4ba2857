/// Demands a second over the last few seconds: what came in this window, and of the one before as much as still counts.
struct DemandRate: Sendable, Hashable {
    private static let windowNanoseconds: Int64 = 4_000_000_000

    private var window: Int64 = 0
    private var count = 0
    private var before = 0

    mutating func add(_ demands: Int, nowNanoseconds now: Int64) {
        (before, count) = counts(now)
        window = now / Self.windowNanoseconds
        count += demands
    }

    func perSecond(nowNanoseconds now: Int64) -> Double {
        let (before, count) = counts(now)
        let elapsed = Double(now % Self.windowNanoseconds) / Double(Self.windowNanoseconds)
        return (Double(before) * (1 - elapsed) + Double(count)) * 1e9 / Double(Self.windowNanoseconds)
    }

    private func counts(_ now: Int64) -> (before: Int, count: Int) {
        switch now / Self.windowNanoseconds - window {
        case ...0: (before, count)
        case 1: (count, 0)
        default: (0, 0)
        }
    }
}
