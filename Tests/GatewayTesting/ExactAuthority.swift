package import RateLimiting
import Synchronization

/// A shared store in this process that decides as every store must: `TokenBucket`, at whole microseconds of its own clock.
package final class ExactAuthority: Sendable {
    private let buckets = Mutex<[BucketName: TokenBucket]>([:])

    /// Makes a store in which every bucket is full.
    package init() {}

    /// Decides at once.
    package func decide(_ asks: [BucketAsk], atMicroseconds now: Int64) -> AuthorityOutcome {
        buckets.withLock { buckets in
            let instant = now * 1_000
            let limits = asks.map {
                RateLimit(name: "", capacityTokens: $0.capacityTokens, ratePerMinute: $0.ratePerMinute)
            }
            var levels = zip(asks, limits).map { ask, limit in
                (buckets[ask.name] ?? TokenBucket(full: limit, nowNanoseconds: instant))
                    .refilled(for: limit, nowNanoseconds: instant)
            }
            let isNew = asks.indices.map { levels[$0].wholeTokens == limits[$0].capacityTokens }
            let withheld = asks.indices.filter { asks[$0].isKnownOnly && isNew[$0] }
            guard withheld.isEmpty else { return .withheld(withheld) }
            let isTaken = asks.indices.allSatisfy { asks[$0].isShadow || levels[$0].holds(asks[$0].minimumTokens) }
            var grants: [BucketGrant] = []
            for index in asks.indices {
                let ask = asks[index]
                let wait = levels[index].nanosecondsUntilHolding(
                    ask.minimumTokens, limit: limits[index], nowNanoseconds: instant)
                var granted = 0
                if ask.wantedTokens < 0 {
                    if now <= ask.returnsUntilMicroseconds {
                        granted = ask.wantedTokens
                        // Less what the bucket gained since they were taken, in whole tokens: the script counts their parts too.
                        let elapsed = ask.takenAtMicroseconds > 0 ? max(now - ask.takenAtMicroseconds, 0) : 0
                        let (gained, isMore) = elapsed.multipliedReportingOverflow(by: Int64(ask.ratePerMinute))
                        let less =
                            isMore ? -granted : Int(clamping: (gained / 60_000_000) + (gained % 60_000_000 > 0 ? 1 : 0))
                        levels[index].putBack(max(-granted - less, 0), limit: limits[index])
                    }
                } else if ask.isCharge {
                    granted = ask.wantedTokens
                    levels[index].charge(granted, limit: limits[index])
                } else if isTaken, wait == 0 {
                    granted = min(ask.wantedTokens, levels[index].wholeTokens)
                    levels[index].spend(granted)
                }
                buckets[ask.name] = levels[index]
                let full = levels[index].nanosecondsUntilFull(limit: limits[index], nowNanoseconds: instant)
                grants.append(
                    BucketGrant(
                        grantedTokens: granted, remainingTokens: levels[index].wholeTokens,
                        fullAfterMicroseconds: (full + 999) / 1_000, waitMicroseconds: (wait + 999) / 1_000,
                        isNew: isNew[index] && full > 0))
            }
            return .decided(grants, atMicroseconds: now)
        }
    }
}
