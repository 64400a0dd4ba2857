import Glibc

/// The machine's own clocks, read without a system call.
package enum MachineClock {
    /// Since some moment in the past; it never goes back.
    package static func monotonicNanoseconds() -> Int64 { read(CLOCK_MONOTONIC) }

    /// Since 1970, as the machine believes.
    package static func unixNanoseconds() -> Int64 { read(CLOCK_REALTIME) }

    /// Since 1970, as the machine believes; rounded down.
    package static func unixMilliseconds() -> Int64 { unixNanoseconds() / 1_000_000 }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
