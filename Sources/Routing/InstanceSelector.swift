/// Chooses the instance of an agent that takes the next call.
package enum InstanceSelector {
    /// The less busy of two instances drawn at random, ejected ones passed over.
    ///
    /// When every instance is ejected, ejection is not heeded: trying is better than certain refusal. An instance whose
    /// registration ran out, or that an operator drained, is never chosen.
    ///
    /// - Parameters:
    ///   - random: 64 random bits.
    ///   - excluded: an instance that just failed this request; chosen only when there is no other.
    /// - Returns: the index, or nil when the agent has no live instance.
    package static func pick(
        from instances: [AgentInstance], nowNanoseconds: Int64, random: UInt64, excluding excluded: Int? = nil
    ) -> Int? {
        guard instances.count > 1 else {
            return instances.first?.state.isOpen(nowNanoseconds: nowNanoseconds) == true ? 0 : nil
        }
        let first = index(below: instances.count, from: random & 0xffff_ffff)
        var second = index(below: instances.count - 1, from: random >> 32)
        if second >= first { second += 1 }
        let states = (instances[first].state, instances[second].state)
        let usableFirst = first != excluded && states.0.isUsable(nowNanoseconds: nowNanoseconds)
        let usableSecond = second != excluded && states.1.isUsable(nowNanoseconds: nowNanoseconds)
        switch (usableFirst, usableSecond) {
        case (true, true): return states.1.inFlight < states.0.inFlight ? second : first
        case (true, false): return first
        case (false, true): return second
        case (false, false):
            return search(instances, from: first, nowNanoseconds: nowNanoseconds, excluding: excluded)
        }
    }

    /// Neither of the two can be used: the next one round the circle that can, else any that is alive.
    private static func search(
        _ instances: [AgentInstance], from start: Int, nowNanoseconds: Int64, excluding excluded: Int?
    ) -> Int? {
        var lastResort: Int?
        for step in 0..<instances.count {
            let index = (start + step) % instances.count
            let state = instances[index].state
            guard state.isOpen(nowNanoseconds: nowNanoseconds) else { continue }
            if index != excluded, state.isEligible(nowNanoseconds: nowNanoseconds) { return index }
            if lastResort == nil || lastResort == excluded { lastResort = index }
        }
        return lastResort
    }

    private static func index(below bound: Int, from random: UInt64) -> Int {
        Int(truncatingIfNeeded: (random &* UInt64(bound)) >> 32)
    }
}
