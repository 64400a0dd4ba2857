import Glibc

/// Waiting that ends: by the condition, or by an error that names what did not happen.
package enum Deadline {
    /// What a fixture allows a single server before it gives up; far above the usual, for loaded machines.
    package static let startMilliseconds = 15_000
    /// What a fixture allows a set of servers until they agree.
    package static let agreementMilliseconds = 60_000
    private static let pauseMicroseconds: UInt32 = 10_000

    /// Asks again until the answer is yes.
    ///
    /// An error that the condition throws counts as no, and its text is told when time runs out.
    /// - Parameters:
    ///   - what: what is waited for, as the end of "waited … for".
    ///   - milliseconds: how long.
    /// - Throws: `FixtureError` when time is up.
    package static func wait(
        for what: @autoclosure () -> String, milliseconds: Int, until condition: () throws -> Bool
    ) throws {
        let end = ContinuousClock.now + .milliseconds(milliseconds)
        var last: (any Error)?
        repeat {
            do {
                if try condition() { return }
                last = nil
            } catch { last = error }
            usleep(pauseMicroseconds)
        } while ContinuousClock.now < end
        let reason = last.map { ": \($0)" } ?? ""
        throw FixtureError("waited \(milliseconds) ms for \(what())\(reason)")
    }
}
