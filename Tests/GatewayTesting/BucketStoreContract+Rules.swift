import RateLimiting

extension BucketStoreContract {
    // Rates of a few tokens a minute: while a rule is tried on a slow machine, nothing falls due that it did not wait for.

    func burst() async -> String? {
        let five = demand(limit("burst", 5))
        for left in (0..<5).reversed() {
            guard case .admitted(let states) = await take(five) else { return "a full bucket refused with \(left + 1)" }
            guard states[0].remainingTokens == left else { return "\(states[0].remainingTokens) left and not \(left)" }
        }
        guard case .refused(let states, let wait?, let limiting) = await take(five) else {
            return "an empty one admits"
        }
        guard (1...12_000).contains(wait), limiting == 0 else { return "waits \(wait) ms for demand \(limiting)" }
        guard states[0].verdict == .refuses, states[0].remainingTokens == 0 else { return "\(states[0])" }
        let full = states[0].fullAfterNanoseconds
        return full > 47_000_000_000 && full <= 60_000_000_000 ? nil : "full after \(full) ns"
    }

    func due() async -> String? {
        let quick = demand(limit("due", 300, burst: 1))
        guard await take(quick)?.isAdmitted == true else { return "a full bucket refused" }
        guard case .refused(_, let wait?, _) = await take(quick) else { return "an empty one admits" }
        guard wait <= 200 else { return "waits \(wait) ms" }
        await pass(wait + 1)
        guard await take(quick)?.isAdmitted == true else { return "nothing came in \(wait) ms" }
        await pass(1_000)
        let later = await admitted(3, quick)
        return later == 1 ? nil : "a second gave \(later) of a burst of 1"
    }

    func keys() async -> String? {
        let one = limit("keys", 1)
        let tricky = [
            "", "x", "x\0", "{x}", "}{", "1:x", "e\u{301}", "\u{e9}", "a b\r\nc", String(repeating: "k", count: 300),
            String(repeating: "k", count: 301), String(repeating: "k", count: 1_000),
            String(repeating: "k", count: 999) + "l",
        ]
        for key in tricky where await take(demand(one, key))?.isAdmitted != true { return "\(key.prefix(9)) is taken" }
        for key in tricky where await take(demand(one, key))?.isAdmitted != false { return "\(key.prefix(9)) is full" }
        for fields in [["t:u", "v"], ["t", "u:v"], ["t", "u", "v"], ["x", ""], ["", "x"]] {
            guard await take(demand(one, fields: fields))?.isAdmitted == true else { return "\(fields) is taken" }
        }
        return nil
    }

    func limits() async -> String? {
        let names = ["limits", "limits_a", "limits:", "limits:1"]
        for name in names where await take(demand(limit(name, 1)))?.isAdmitted != true { return "\(name) is taken" }
        return nil
    }

    func together() async -> String? {
        let (five, two) = (demand(limit("together5", 5)), demand(limit("together2", 2)))
        guard await take(five, two)?.isAdmitted == true, await take(two, five)?.isAdmitted == true else {
            return "full buckets refused"
        }
        for _ in 0..<3 {
            guard case .refused(let states, .some, 1) = await take(five, two) else { return "the empty one admits" }
            guard states.map(\.verdict) == [.admits, .refuses] else { return "\(states.map(\.verdict))" }
            guard case .refused(_, .some, 0) = await take(two, five) else { return "the order matters" }
        }
        let left = await admitted(9, five)
        return left == 3 ? nil : "\(left) left and not 3: a refused call took something"
    }

    func costs() async -> String? {
        let ten = limit("costs", 10)
        guard await take(demand(ten, cost: 7))?.isAdmitted == true else { return "7 of 10 refused" }
        guard case .refused(_, .some, _) = await take(demand(ten, cost: 4)) else { return "4 of 3 admitted" }
        guard await take(demand(ten, cost: 3))?.isAdmitted == true else { return "3 of 3 refused" }
        guard case .refused(_, nil, _) = await take(demand(ten, cost: 11)) else { return "11 of 10 may come" }
        return await admitted(1, demand(ten)) == 0 ? nil : "something was left"
    }

    func looking() async -> String? {
        let one = limit("looking", 1)
        for _ in 0..<3 {
            guard await take(demand(one, cost: 0))?.states.first?.remainingTokens == 1 else { return "looking took" }
        }
        guard await take(demand(one))?.isAdmitted == true else { return "looking took the last" }
        return await take(demand(one, cost: 0))?.isAdmitted == true ? nil : "looking is refused"
    }

    func shadow() async -> String? {
        let (shadow, five) = (demand(limit("shadow", 1, shadow: true)), demand(limit("shadow5", 5)))
        for round in 0..<5 {
            guard case .admitted(let states) = await take(shadow, five) else { return "a shadow refused" }
            guard states[0].isShadowRefusal == (round > 0) else { return "round \(round): \(states[0].verdict)" }
        }
        guard case .refused(_, _, 1) = await take(shadow, five) else { return "a shadow hides a refusal" }
        return nil
    }

    func hopeless() async -> String? {
        for rate in [0, -1, Int.min] {
            guard case .refused(_, nil, 0) = await take(demand(limit("zero", rate))) else { return "rate \(rate)" }
        }
        guard case .refused(_, nil, 0) = await take(demand(limit("flat", 5, burst: 0))) else { return "no burst" }
        let five = demand(limit("hopeless5", 5))
        guard case .refused(_, nil, 1) = await take(five, demand(limit("zero", 0))) else { return "one of two" }
        return await admitted(9, five) == 5 ? nil : "a call that was refused for good took something"
    }

    func twins() async -> String? {
        let five = demand(limit("twins", 5))
        let count = await admitted(9, five, five)
        guard count == 2 else { return "\(count) pairs of 5" }
        return await admitted(9, five) == 1 ? nil : "not 1 left"
    }

    func none() async -> String? {
        guard case .decided(.admitted(let states)) = await store.take([], nowNanoseconds: nowNanoseconds()) else {
            return "no limit refuses"
        }
        return states.isEmpty ? nil : "\(states.count) states"
    }

    func atOnce() async -> String? {
        let limit = limit("atOnce", 40)
        let count = await count(ofTasks: 200) { [store = self] _ in await store.take(store.demand(limit)) }
        return count == 40 ? nil : "\(count) of 40"
    }

    func togetherAtOnce() async -> String? {
        let (first, second) = (limit("first", 50), limit("second", 30))
        let count = await count(ofTasks: 200) { [store = self] place in
            let pair = (store.demand(first), store.demand(second))
            return place % 2 == 0 ? await store.take(pair.0, pair.1) : await store.take(pair.1, pair.0)
        }
        guard count == 30 else { return "\(count) of 30" }
        // A store on several servers may remember for an instant what was out for calls that were then refused.
        await pass(100)
        let left = await admitted(60, demand(first))
        // Tokens that come back from other servers are worth what they were less what the bucket gained meanwhile: a part of one.
        return (19...20).contains(left) ? nil : "\(left) left and not 20"
    }

    private func count(ofTasks tasks: Int, _ work: @escaping @Sendable (Int) async -> Admission?) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for place in 0..<tasks { group.addTask { await work(place)?.isAdmitted == true } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}
