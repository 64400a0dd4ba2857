import Foundation

/// How much a run asks of the machine: little with every `make test`, all that is promised with `make soak`.
enum Scale {
    static let isSoak = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1"

    /// The short value or the one of a soak.
    static func of<Value>(_ short: Value, soak: Value) -> Value { isSoak ? soak : short }

    /// How long a request waits for Redis: the default, or half of the life of a lease, which is the most that keeps the bound.
    static let budgetMilliseconds = of(50, soak: 10)

    /// What every request states as its deadline. The debug build on a busy machine is not what it is about.
    static let deadlineMilliseconds = of(2_000, soak: 1_000)
}
