/// Time and chance, handed to the gateway so that a whole node can run in one thread from one seed.
package protocol Surroundings: Sendable {
    /// Nanoseconds of a clock that never goes back.
    func monotonicNanoseconds() -> Int64
    /// Nanoseconds since the Unix epoch.
    func unixNanoseconds() -> Int64
    /// 64 random bits.
    func randomBits() -> UInt64
}
