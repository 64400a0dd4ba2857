/// What was lately spent in a window of time: the last whole window counts half, all before it the other half.
struct RecentSpending: Sendable {
    /// Tokens a window.
    private(set) var perWindow = 0
    private var windowStartNanoseconds: Int64 = 0
    private var spentInWindow = 0
    /// A pause of more windows than this forgets what was before it.
    private static let pauseWindowsMax: Int64 = 10

    mutating func add(_ tokens: Int, _ rules: LeaseRules, now: Int64) {
        let elapsed = now - windowStartNanoseconds
        if elapsed >= rules.windowNanoseconds {
            let windows = elapsed / rules.windowNanoseconds
            perWindow = windows > Self.pauseWindowsMax ? 0 : (perWindow + spentInWindow / Int(windows)) / 2
            windowStartNanoseconds = now
            spentInWindow = 0
        }
        spentInWindow += tokens
    }

    /// What was counted and not spent after all.
    mutating func subtract(_ tokens: Int) { spentInWindow = max(spentInWindow - tokens, 0) }
}
