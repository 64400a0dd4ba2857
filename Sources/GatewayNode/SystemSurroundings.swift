import Gateway
import Glibc

/// The machine's own clocks and randomness.
struct SystemSurroundings: Surroundings {
    private let random = RandomBytes()

    func monotonicNanoseconds() -> Int64 { Self.read(CLOCK_MONOTONIC) }

    func unixNanoseconds() -> Int64 { Self.read(CLOCK_REALTIME) }

    func randomBits() -> UInt64 { random.next() }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
