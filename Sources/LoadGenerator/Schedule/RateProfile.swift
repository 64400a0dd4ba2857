/// The rate of a whole run: segments one after the other.
package struct RateProfile: Sendable, Hashable {
    package let segments: [RateSegment]

    package init(_ segments: [RateSegment]) { self.segments = segments.filter { $0.seconds > 0 } }

    package var seconds: Double { segments.reduce(0) { $0 + $1.seconds } }
    package var requests: Double { segments.reduce(0) { $0 + $1.requests } }
    package var maxRate: Double { segments.reduce(0) { max($0, $1.startRate, $1.endRate) } }

    /// The same profile with another one before it.
    package func preceded(by segment: RateSegment) -> RateProfile { RateProfile([segment] + segments) }

    /// A rate with spikes: each begins `everySeconds` after the one before, the first one that long after the beginning.
    package static func spiky(
        rate: Double, spikeRate: Double, everySeconds: Double, lastSeconds: Double, seconds: Double
    ) -> [RateSegment] {
        var segments: [RateSegment] = []
        var at = 0.0
        while at < seconds {
            let calm = min(everySeconds - (at > 0 ? lastSeconds : 0), seconds - at)
            segments.append(RateSegment(from: rate, seconds: calm))
            at += calm
            let spike = min(lastSeconds, seconds - at)
            if spike > 0 { segments.append(RateSegment(from: spikeRate, seconds: spike)) }
            at += max(spike, 0)
        }
        return segments
    }
}

/// Walks along a profile: when the n-th request is due, for growing n.
package struct RateWalk: Sendable {
    private let segments: [RateSegment]
    private var place = 0
    private var requestsBefore = 0.0
    private var secondsBefore = 0.0

    package init(_ profile: RateProfile) { segments = profile.segments }

    /// Seconds from the beginning; nil behind the end.
    ///
    /// - Parameter count: not below that of the call before.
    package mutating func seconds(atRequest count: Double) -> Double? {
        while place < segments.count {
            let segment = segments[place]
            // A sum of parts that is 300.00000000000006 has no 301st request.
            if count < requestsBefore + segment.requests - 1e-6 {
                return secondsBefore + segment.seconds(atRequest: count - requestsBefore)
            }
            requestsBefore += segment.requests
            secondsBefore += segment.seconds
            place += 1
        }
        return nil
    }
}
