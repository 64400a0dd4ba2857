import IntentProtocol
import Routing
import Testing

@Suite("Routing as the Python package routes")
struct RoutingVectorTests {
    @Test("there are 33 cases")
    func count() throws {
        #expect(try RoutingVectors.load().count == 33)
    }

    @Test("candidates, answer and path of every case", arguments: try RoutingVectors.load())
    func vectors(_ vector: RoutingVectors.Case) throws {
        let directory = try vector.snapshot()
        let candidates = directory.candidates(intent: vector.intent.name, version: vector.intent.version)
        #expect(candidates.map(\.name) == vector.candidateOrder)
        guard vector.strategyGivenAsPlainString != true else { return try plainString(vector, candidates) }
        let strategy = try #require(RoutingStrategy(rawValue: vector.routing.strategy))
        let outcome = run(vector, candidates, strategy)
        #expect(outcome.response == vector.response)
        #expect(outcome.decisionPath == vector.decisionPath)
    }

    /// The package's codec leaves the strategy a plain string, which equals no enum member, so its router falls back
    /// whatever the string says. Ours reads the string (C21): "fallback" is fallback, as there; "weird" never comes so
    /// far.
    private func plainString(_ vector: RoutingVectors.Case, _ candidates: [AgentRecord]) throws {
        guard let strategy = RoutingStrategy(rawValue: vector.routing.strategy) else {
            #expect(vector.id == "plain_string/weird")
            return
        }
        #expect(vector.id == "plain_string/fallback" && strategy == .fallback)
        let outcome = run(vector, candidates, strategy)
        #expect(outcome.response == vector.response)
        #expect(outcome.decisionPath == vector.decisionPath)
    }

    /// A gateway's loop without its wires; agents called "at once" answer in their order.
    private func run(
        _ vector: RoutingVectors.Case, _ candidates: [AgentRecord], _ strategy: RoutingStrategy
    ) -> (response: RoutingVectors.Response, decisionPath: [String]) {
        var path: [String] = []
        let plan: RoutePlan
        do {
            plan = try RoutePlan.make(
                candidates: candidates, strategy: strategy, targetAgent: vector.routing.targetAgent,
                intent: vector.intent.name, allowsParallel: true)
        } catch {
            let failure = RoutingVectors.Response.Failure(code: error.code.rawValue, message: error.message)
            return (RoutingVectors.Response(status: "error", metadata: .init(agent: "router"), error: failure), [])
        }
        let replies = Dictionary(uniqueKeysWithValues: vector.agents.map { ($0.name, $0.reply) })
        var latest: RoutingVectors.Response?
        var lastSuccess: RoutingVectors.Response?
        var progress = RouteProgress(plan)
        var open: [AgentRecord] = []
        var step = progress.start()
        while true {
            switch step {
            case .call(let agent): open = [agent]
            case .callAll(let agents): open = agents
            case .wait: break
            case .finish(let finish):
                var response = finish.reply == .latest ? latest : lastSuccess
                if let label = finish.agentLabel { response?.metadata.agent = label }
                guard let response else {
                    Issue.record("finished without a reply")
                    return (.init(status: "", metadata: .init(agent: ""), error: nil), path)
                }
                return (response, path)
            }
            let agent = open.removeFirst()
            path.append(agent.name)
            latest = replies[agent.name]
            if latest?.error == nil { lastSuccess = latest }
            step = progress.ended(success: latest?.error == nil)
        }
    }
}
