import RateLimiting

extension BucketStoreContract {
    /// A request that cost more than it paid empties the bucket below nothing, by a burst at most, and refill pays first.
    func owing() async -> String? {
        // A token each 500 ms.
        let paid = demand(limit("owing", 120, burst: 3, settled: true), cost: 2)
        guard await take(paid)?.isAdmitted == true else { return "a full bucket refused" }
        await settle(paid, 12)
        let one = demand(paid.limit)
        // One was left and ten are charged, but a burst is owed at most: four tokens until the next one.
        guard case .refused(let states, let wait?, _) = await take(one) else { return "a bucket that owes admits" }
        guard states[0].remainingTokens == 0, (501...2_000).contains(wait) else {
            return "\(states[0]), waits \(wait) ms"
        }
        guard await take(demand(paid.limit, cost: 0))?.isAdmitted == true else { return "looking is refused" }
        guard await take(one)?.isAdmitted != true else { return "looking paid a debt" }
        await pass(wait + 1)
        guard await take(one)?.isAdmitted == true else { return "nothing came in \(wait) ms" }
        // What a full bucket is charged is not lost either.
        let other = demand(paid.limit, "other")
        await settle(other, 15)
        return await take(other)?.isAdmitted == true ? "a bucket that was never asked does not owe" : nil
    }

    /// A request that cost less gets back what it paid, and never more than fills the bucket.
    func comingBack() async -> String? {
        let ten = demand(limit("comingBack", 10, settled: true), cost: 10)
        guard await take(ten)?.isAdmitted == true else { return "a full bucket refused" }
        await settle(ten, 4)
        let six = await admitted(9, demand(ten.limit))
        guard six == 6 else { return "\(six) came back and not 6" }
        // A refusal is not remembered beyond what came back.
        await settle(demand(ten.limit), 0)
        let one = await admitted(3, demand(ten.limit))
        guard one == 1 else { return "\(one) came back and not 1" }
        await settle(ten, 0)
        await settle(ten, 0)
        // Other nodes remember a refusal for a second.
        await pass(1_000)
        let full = await admitted(29, demand(ten.limit))
        return full == 10 ? nil : "\(full) of a burst of 10"
    }

    /// Where nobody says what it cost, what was paid stands; neither does a settlement of what was paid change anything.
    func noReport() async -> String? {
        let three = demand(limit("noReport", 5, settled: true), cost: 3)
        guard await take(three)?.isAdmitted == true else { return "a full bucket refused" }
        await settle(three, nil)
        await settle(three, 3)
        let left = await admitted(9, demand(three.limit))
        return left == 2 ? nil : "\(left) left and not 2"
    }

    /// Settlements of many requests at once are all heard.
    func settlingAtOnce() async -> String? {
        let limit = limit("settling", 60, burst: 200, settled: true)
        let (dear, cheap) = (demand(limit, cost: 2), demand(limit, "cheap", cost: 2))
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<40 {
                group.addTask { [store = self] in
                    if await store.take(dear)?.isAdmitted == true { await store.settle(dear, 4) }
                    if await store.take(cheap)?.isAdmitted == true { await store.settle(cheap, 1) }
                }
            }
        }
        // A token a second may have come meanwhile.
        guard let left = await take(demand(limit, cost: 0))?.states.first?.remainingTokens, (40...60).contains(left)
        else { return "not 40 of 200 left after 40 × 4" }
        guard let more = await take(demand(limit, "cheap", cost: 0))?.states.first?.remainingTokens,
            (160...180).contains(more)
        else { return "not 160 of 200 left after 40 × 1" }
        return nil
    }
}
