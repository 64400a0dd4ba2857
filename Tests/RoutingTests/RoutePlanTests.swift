import IntentProtocol
import Routing
import Testing

@Suite("Route plan and progress")
struct RoutePlanTests {
    private let agents: [AgentRecord]

    init() throws {
        let store = DirectoryStore()
        let capability = Capability(intent: "E", version: "1.0")
        let configured = ["a", "b", "c"].map {
            ConfiguredAgent(definition: AgentDefinition(name: $0, capabilities: [capability]), instances: [])
        }
        try store.replaceStatic(configured)
        agents = store.snapshot.candidates(intent: "E", version: "1.0")
    }

    @Test("PARALLEL is refused unless allowed, before anything else is looked at (C27)")
    func parallel() throws {
        #expect(refusal(agents, .parallel)?.code == .validationError)
        #expect(refusal([], .parallel)?.code == .validationError)
        let plan = try RoutePlan.make(
            candidates: agents, strategy: .parallel, targetAgent: nil, intent: "E", allowsParallel: true)
        guard case .parallel(let all) = plan else {
            Issue.record("not parallel")
            return
        }
        #expect(all.map(\.name) == ["a", "b", "c"])
    }

    @Test("refusals carry the package's codes and words")
    func messages() {
        #expect(refusal([], .direct) == IntentError(.capabilityNotFound, "No agents registered for intent 'E'"))
        #expect(
            refusal(agents, .direct, target: "X")
                == IntentError(
                    .routingError, "Target agent 'X' not registered for intent 'E'", retryable: false))
        #expect(refusal(agents, .fallback, target: "X") == nil)
        #expect(refusal(agents, .broadcast, target: "X") == nil)
    }

    @Test("C12: a target is the only candidate that policy is asked about, so its denial reroutes nothing")
    func deniedTarget() throws {
        let eligible = try RoutePlan.eligible(registered: agents, strategy: .direct, targetAgent: "b", intent: "E")
        #expect(eligible.map(\.name) == ["b"])
        #expect(RoutePlan(permitted: [], strategy: .direct) == nil)
        let untargeted = try RoutePlan.eligible(registered: agents, strategy: .direct, targetAgent: nil, intent: "E")
        #expect(untargeted.count == 3)
        guard case .single(let agent)? = RoutePlan(permitted: Array(untargeted.dropFirst()), strategy: .direct) else {
            Issue.record("not single")
            return
        }
        #expect(agent.name == "b")
    }

    @Test(
        "sequences end where they should",
        arguments: [
            (RoutingStrategy.direct, [false], "a", "latest -"), (.direct, [true], "a", "latest -"),
            (.fallback, [true], "a", "latest -"), (.fallback, [false, true], "ab", "latest -"),
            (.fallback, [false, false, false], "abc", "latest fallback"),
            (.broadcast, [true, true, true], "abc", "latest -"),
            (.broadcast, [true, false, false], "abc", "lastSuccess -"),
            (.broadcast, [false, true, false], "abc", "lastSuccess -"),
            (.broadcast, [false, false, true], "abc", "latest -"),
            (.broadcast, [false, false, false], "abc", "latest broadcast"),
        ])
    func sequences(strategy: RoutingStrategy, results: [Bool], called: String, end: String) throws {
        let plan = try #require(RoutePlan(permitted: agents, strategy: strategy))
        var progress = RouteProgress(plan)
        var names = ""
        var step = progress.start()
        for success in results {
            guard case .call(let agent) = step else {
                Issue.record("expected a call")
                return
            }
            names += agent.name
            step = progress.ended(success: success)
        }
        #expect(names == called)
        #expect(text(step) == end)
        // A late report changes nothing.
        #expect(text(progress.ended(success: true)) == end)
    }

    @Test("parallel ends with the first success, or with the last failure")
    func parallelProgress() throws {
        let plan = try #require(RoutePlan(permitted: agents, strategy: .parallel))
        var progress = RouteProgress(plan)
        #expect(text(progress.start()) == "all abc")
        #expect(text(progress.ended(success: false)) == "wait")
        #expect(text(progress.ended(success: true)) == "latest -")
        var failing = RouteProgress(plan)
        _ = failing.start()
        #expect(text(failing.ended(success: false)) == "wait")
        #expect(text(failing.ended(success: false)) == "wait")
        #expect(text(failing.ended(success: false)) == "latest parallel")
    }

    private func refusal(
        _ candidates: [AgentRecord], _ strategy: RoutingStrategy, target: String? = nil
    ) -> IntentError? {
        do {
            _ = try RoutePlan.make(candidates: candidates, strategy: strategy, targetAgent: target, intent: "E")
            return nil
        } catch {
            return error
        }
    }

    private func text(_ step: RouteProgress.Step) -> String {
        switch step {
        case .call(let agent): "call \(agent.name)"
        case .callAll(let agents): "all \(agents.map(\.name).joined())"
        case .wait: "wait"
        case .finish(let finish): "\(finish.reply) \(finish.agentLabel ?? "-")"
        }
    }
}
