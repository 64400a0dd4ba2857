import IntentProtocol
import LoadGenerator

enum Plans {
    /// One entry, one caller, evenly spaced.
    static func steady(
        _ urls: [String], rate: Double, seconds: Double, warmUpSeconds: Double = 0
    ) throws -> LoadPlan {
        let profile = RateProfile([RateSegment(from: rate, seconds: seconds + warmUpSeconds)])
        var plan = LoadPlan(
            targets: try urls.enumerated().map { place, url in
                try LoadPlan.Target(name: "t\(place)", gateway: url, principal: nil, weight: 1)
            },
            callers: [LoadPlan.Caller(name: "nobody", tokens: [nil])],
            entries: [entry("Sum")], schedule: ArrivalSchedule(profile, .uniform, seed: 1))
        plan.warmUpNanoseconds = Int64(warmUpSeconds * 1e9)
        return plan
    }

    static func entry(_ intent: String, weight: Double = 1, callers: [Int] = [0]) -> LoadPlan.Entry {
        let draft = EnvelopeDraft(intentName: intent, payload: ["a": 1], requestId: "", timestamp: "")
        return LoadPlan.Entry(name: intent, draft: draft, weight: weight, callers: callers)
    }

    static func result(_ plan: LoadPlan) async throws -> LoadResult {
        LoadResult(try await LoadRun(plan).run(), plan, tool: "test")
    }
}
