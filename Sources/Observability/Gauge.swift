import Synchronization

/// A number that goes up and down; may be set from any thread.
package final class Gauge: Sendable {
    private let bits: Atomic<UInt64>

    package init(_ value: Double = 0) {
        bits = Atomic(value.bitPattern)
    }

    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    package func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    package func add(_ amount: Double) {
        var seen = bits.load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: seen) + amount).bitPattern
            let (exchanged, original) = bits.weakCompareExchange(expected: seen, desired: sum, ordering: .relaxed)
            if exchanged { return }
            seen = original
        }
    }
}
