/// The clocks of the admin plane.
package struct AdminClock: Sendable {
    package var monotonicNanoseconds: @Sendable () -> Int64
    package var unixNanoseconds: @Sendable () -> Int64

    package init(
        monotonicNanoseconds: @escaping @Sendable () -> Int64, unixNanoseconds: @escaping @Sendable () -> Int64
    ) {
        self.monotonicNanoseconds = monotonicNanoseconds
        self.unixNanoseconds = unixNanoseconds
    }
}
