import Foundation
import Identity
import Synchronization

/// What it costs a node to remember nonces, once it has as many as full load brings.
enum ReplayCosts {
    private static let perSecond: Int64 = 6_000
    private static let lifeMilliseconds: Int64 = 60_001

    /// Nanoseconds that are set.
    private final class Clock: Sendable {
        let nanoseconds = Atomic<Int64>(0)
    }

    static func measure() -> [Measurement] {
        let clock = Clock()
        var number = 0
        var digest = [UInt8](repeating: 7, count: 28)
        let scope = "emcl:v2:2026-11-benchmark"
        let cache = MemoryReplayCache { clock.nanoseconds.load(ordering: .relaxed) }
        /// One that did not come before, at its time.
        func remember() -> Int {
            number += 1
            clock.nanoseconds.add(1_000_000_000 / perSecond, ordering: .relaxed)
            digest.withUnsafeMutableBytes { $0.storeBytes(of: number, toByteOffset: 20, as: Int.self) }
            let verdict = cache.verdict(on: digest, scope: scope, timeToLiveMilliseconds: lifeMilliseconds)
            guard verdict == .first else { exit(2) }
            return 1
        }
        // The wall clock, for what holds a thread up is not its CPU alone.
        var longest: Int64 = 0
        for _ in 0..<perSecond * lifeMilliseconds / 1_000 {
            let start = DispatchTime.now().uptimeNanoseconds
            _ = remember()
            longest = max(longest, Int64(DispatchTime.now().uptimeNanoseconds - start))
        }
        return [
            Measurement("the longest wait while their memory grew", costs: [Double(longest)]),
            Measurement("remember a nonce of EMCL", atMost: 1_000) { remember() },
        ]
    }
}
