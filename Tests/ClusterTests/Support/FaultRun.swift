import LoadClient
import Testing

/// A steady load over three gateways while something fails, and what is to be true of it.
struct FaultRun: Sendable {
    /// One limit that every request asks for, one that is leased, and requests without a limit.
    static let limits = [
        TenantLimit(tenant: "small", perMinute: 1_000, burst: 50, perSecond: Scale.of(50, soak: 100)),
        TenantLimit(
            tenant: "leased", perMinute: Scale.of(6_000, soak: 42_000), burst: Scale.of(500, soak: 3_500),
            perSecond: Scale.of(200, soak: 1_400)),
        TenantLimit(tenant: "free", perMinute: 0, burst: 0, perSecond: Scale.of(50, soak: 500)),
    ]
    static let weights = [70, 20, 10]

    /// What came of it.
    struct Outcome: Sendable {
        var report: LoadReport
        /// From the fault until it ended, and until the last request that was decided without the store.
        var faultNanoseconds: Int64
        var degradedNanoseconds: Int64
        /// Requests that reached the worker.
        var forwarded: Int

        /// From the end of the fault until the limits were shared again.
        var recoveryNanoseconds: Int64 { max(degradedNanoseconds - faultNanoseconds, 0) }
    }

    let name: String
    /// How many gateways cannot ask the store meanwhile.
    var nodes = 3
    /// Whether the store comes back without its data.
    var forgets = false
    /// Whether all that time no affected gateway can ask; false where the store finds itself again.
    var isSteady = true
    var faultMilliseconds = Scale.of(3_000, soak: 10_000)
    var recoveryMillisecondsMax = 3_000
    /// A service whose proofs the store remembers: refused with 503 while it is away, for nobody knows then whether they were used.
    var signing: SigningClients?

    /// Gateways that know the service that signs.
    func signingCluster(store: String) throws -> GatewayCluster {
        try GatewayCluster.started(
            3, store: store, limits: Self.limits + [SigningClients.limit], extra: SigningClients.configuration,
            files: SigningClients.files)
    }

    /// Runs the load; blocks.
    ///
    /// - Parameters:
    ///   - hurt: begins the fault.
    ///   - heal: ends it, or waits until it has ended.
    func run(
        _ cluster: GatewayCluster, hurt: @Sendable () throws -> Void, heal: @Sendable () throws -> Void
    ) throws -> Outcome {
        var plan = try cluster.plan(weights: Self.weights)
        if let signing { plan.requests[Self.limits.count] = signing.load }
        let load = try LoadClient(plan)
        try load.start(phase: "before")
        keepRunning(milliseconds: Scale.of(1_500, soak: 10_000))
        try load.begin(phase: "opening")
        let hurtAt = LoadClient.now()
        try hurt()
        keepRunning(milliseconds: 500)
        try load.begin(phase: "while")
        keepRunning(milliseconds: faultMilliseconds - 500)
        try load.begin(phase: "recovering")
        try heal()
        let healedAt = LoadClient.now()
        keepRunning(milliseconds: recoveryMillisecondsMax)
        try load.begin(phase: "after")
        keepRunning(milliseconds: Scale.of(1_000, soak: 10_000))
        let report = try load.finish()
        return Outcome(
            report: report, faultNanoseconds: healedAt - hurtAt,
            degradedNanoseconds: max((report.lastDegradedNanoseconds ?? hurtAt) - hurtAt, 0),
            forwarded: cluster.worker.requestCount)
    }

    /// Prints the figures, and holds them against what is promised.
    func check(_ outcome: Outcome) {
        let report = outcome.report
        let figures = Self.limits.enumerated().map { place, limit in
            check(limit, report.sum(request: place), outcome)
        }
        let all = report.sum()
        let named = signing == nil ? 0 : checkSigned(report)
        let p99 = ["before", "opening", "while", "recovering", "after"].map { phase in
            "\(phase) \(milliseconds(report.sum(phase: phase).latency.quantileMicroseconds(0.99)))"
        }
        print(
            "fault, \(name): \(figures.joined(separator: "; ")); \(all.count(of: 500...599) - named) × 5xx, "
                + "\(named) proofs refused with 503, \(all.degraded) degraded; "
                + "p99 \(p99.joined(separator: ", ")); worst \(milliseconds(all.latency.maxMicroseconds)), \(all.late) late; "
                + "fault \(outcome.faultNanoseconds / 1_000_000) ms, shared again \(outcome.recoveryNanoseconds / 1_000_000) ms "
                + "after its end; \(lag(report))")
        #expect(all.count(of: 500...599) == named)
        #expect(Set(all.statuses.keys).isSubset(of: signing == nil ? [200, 429] : [200, 429, 503]), "\(all.statuses)")
        #expect(all.connectionFailures == 0)
        #expect(all.unanswered == 0, "requests hang")
        #expect(all.late == 0, "answers later than the deadline + 50 ms")
        #expect(outcome.forwarded == all.count(of: 200...299), "what was admitted reached the worker once")
        checkTelling(report)
        if Scale.isSoak { checkSoak(outcome) }
    }

    private func check(_ limit: TenantLimit, _ counts: LoadTally.Counts, _ outcome: Outcome) -> String {
        let admitted = counts.count(of: 200...299)
        guard limit.isLimited else {
            #expect(admitted == counts.sent, "a request without a limit was not answered")
            #expect(counts.degraded == 0)
            return "\(limit.tenant) \(admitted) of \(counts.sent)"
        }
        let shared = limit.bound(nanoseconds: outcome.report.nanoseconds)
        let own = limit.degradedBound(nanoseconds: outcome.degradedNanoseconds, nodes: nodes, forgets: forgets)
        #expect(admitted <= shared + own, "\(limit.tenant)")
        #expect(
            admitted - counts.degradedAdmitted <= shared + (forgets ? limit.burst : 0),
            "\(limit.tenant): without what the nodes admitted by themselves")
        #expect(
            counts.degradedAdmitted <= own + Scale.of(counts.sent / 100, soak: 0), "\(limit.tenant): shares of nodes")
        return "\(limit.tenant) \(admitted) of \(shared) + \(own), of them \(counts.degradedAdmitted) by shares"
    }

    /// What became of requests whose proofs nobody could check: each was refused with a status of its own, and none passed.
    ///
    /// - Returns: how many were refused so.
    private func checkSigned(_ report: LoadReport) -> Int {
        let place = Self.limits.count
        let all = report.sum(request: place)
        #expect(Set(all.statuses.keys).isSubset(of: [200, 503]), "signed: \(all.statuses)")
        let cut = report.sum(phase: "while", request: place)
        // What a gateway asks to find out whether the store is back may be under way when it is: one proof at each.
        #expect(
            cut.sent > 0 && cut.count(of: 200...299) <= Self.weights.count,
            "signed, while nobody can tell: \(cut.statuses)")
        for phase in ["before", "after"] {
            let counts = report.sum(phase: phase, request: place)
            #expect(counts.sent > 0)
            #expect(counts.count(of: 503...503) <= Scale.of(counts.sent / 10, soak: 0), "\(phase): \(counts.statuses)")
        }
        return all.count(of: 503...503)
    }

    /// Answers say that limits are not shared as long as they are not, and no longer.
    private func checkTelling(_ report: LoadReport) {
        let after = report.sum(phase: "after")
        #expect(
            after.degraded <= Scale.of(after.sent / 20, soak: 0),
            "limits are not shared again: \(after.degraded) answers")
        guard isSteady else { return }
        for target in Self.weights.indices {
            for (place, limit) in Self.limits.enumerated() where limit.isLimited {
                let counts = report.sum(phase: "while", target: target, request: place)
                let answered = counts.statuses.values.reduce(0, +)
                if target < nodes {
                    #expect(counts.degraded * 100 >= answered * 95, "\(limit.tenant) at \(target): \(counts.degraded)")
                } else {
                    #expect(counts.degraded * 20 <= answered, "\(limit.tenant) at \(target): \(counts.degraded)")
                }
            }
        }
    }

    /// A dead store costs its budget until nobody asks it any more, and then nothing; limits are shared soon after it is back.
    private func checkSoak(_ outcome: Outcome) {
        let report = outcome.report
        let bound = LatencyBound(before: report.sum(phase: "before").latency)
        for (phase, budget) in [("opening", Scale.budgetMilliseconds), ("while", 0), ("after", 0)] {
            let counts = report.sum(phase: phase)
            let faults = bound.faults(
                phase, counts.latency, lag: counts.lag, budgetMilliseconds: budget, boundsWorst: phase == "opening")
            #expect(faults == [])
        }
        #expect(
            outcome.recoveryNanoseconds <= Int64(recoveryMillisecondsMax) * 1_000_000,
            "shared again \(outcome.recoveryNanoseconds / 1_000_000) ms after the end of the fault")
    }
}
