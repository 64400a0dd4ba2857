import Foundation
import Machine
import Testing

/// The clocks, held against others of the same machine.
@Suite("The machine's clocks")
struct MachineClockTests {
    @Test("the wall clock says what Foundation's says, in both units")
    func wall() {
        let before = Date().timeIntervalSince1970
        let (milliseconds, nanoseconds) = (MachineClock.unixMilliseconds(), MachineClock.unixNanoseconds())
        let after = Date().timeIntervalSince1970
        // A millisecond on both sides: one is rounded down, the other a floating-point number.
        #expect(Double(milliseconds) >= before * 1e3 - 1 && Double(milliseconds) <= after * 1e3 + 1)
        #expect(Double(nanoseconds) >= before * 1e9 - 1e6 && Double(nanoseconds) <= after * 1e9 + 1e6)
    }

    @Test("the other one counts the time that passes, and never goes back")
    func monotonic() {
        let outerStart = ContinuousClock.now
        let start = MachineClock.monotonicNanoseconds()
        let innerStart = ContinuousClock.now
        var last = start
        var isOrdered = true
        for _ in 0..<100_000 {
            let now = MachineClock.monotonicNanoseconds()
            isOrdered = isOrdered && now >= last
            last = now
        }
        let inner = innerStart.duration(to: .now)
        let counted = Duration.nanoseconds(MachineClock.monotonicNanoseconds() - start)
        #expect(isOrdered)
        #expect(counted >= inner - .milliseconds(1))
        #expect(counted <= outerStart.duration(to: .now) + .milliseconds(1))
    }
}
