import Foundation

/// How much a run asks of the machine: little with every `make test`, all that is promised with `make soak`.
enum Scale {
    static let isSoak = ProcessInfo.processInfo.environment["INTENTUSNET_SOAK"] == "1"

    /// The short value or the one of a soak.
    static func of<Value>(_ short: Value, soak: Value) -> Value { isSoak ? soak : short }
}
