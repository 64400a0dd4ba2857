import Gateway
import Machine

/// The machine's own clocks and randomness.
struct SystemSurroundings: Surroundings {
    private let random = RandomBytes()

    func monotonicNanoseconds() -> Int64 { MachineClock.monotonicNanoseconds() }

    func unixNanoseconds() -> Int64 { MachineClock.unixNanoseconds() }

    func randomBits() -> UInt64 { random.next() }
}
