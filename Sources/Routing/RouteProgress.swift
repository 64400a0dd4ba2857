/// The course of one request through its plan, as a state machine: it is told how each call ended and says what comes
/// next.
///
/// A call is a success when its reply carries no error. Fallback ends with the first success, broadcast goes to all and
/// answers with the last success, parallel ends with the first success. When all fail, the last failure is the answer.
package struct RouteProgress: Sendable {
    /// What to do next.
    package enum Step: Sendable {
        /// Call this agent, then report.
        case call(AgentRecord)
        /// Call all of these at once, then report each as it ends.
        case callAll([AgentRecord])
        /// Other calls are still out: report the next.
        case wait
        /// Answer with this reply; calls still out are to be cancelled.
        case finish(Finish)
    }

    /// Which reply is the answer, and what its metadata names as agent.
    package struct Finish: Sendable, Hashable {
        /// Which reply is the answer.
        package let reply: Reply
        /// What `metadata.agent` is set to; nil leaves it to the agent that answered.
        package let agentLabel: String?
    }

    /// Which of the replies seen.
    package enum Reply: Sendable, Hashable {
        /// The one just reported.
        case latest
        /// The success reported last; a gateway keeps it while a broadcast goes on.
        case lastSuccess
    }

    private enum State {
        case single(AgentRecord)
        case sequence([AgentRecord], RoutePlan.SequenceMode, next: Int, succeeded: Bool)
        case parallel([AgentRecord], open: Int)
        case finished(Finish)
    }

    private var state: State

    /// A request about to begin.
    package init(_ plan: RoutePlan) {
        switch plan {
        case .single(let agent): state = .single(agent)
        case .sequence(let agents, let mode): state = .sequence(agents, mode, next: 0, succeeded: false)
        case .parallel(let agents): state = .parallel(agents, open: agents.count)
        }
    }

    /// Agents that may still be called one after the other, behind the one that was named last.
    package var agentsLeft: Int {
        switch state {
        case .sequence(let agents, _, let next, _): agents.count - next
        case .single, .parallel, .finished: 0
        }
    }

    /// The first step; to be asked once.
    package mutating func start() -> Step {
        switch state {
        case .single(let agent): return .call(agent)
        case .sequence(let agents, let mode, _, _):
            guard let first = agents.first else { return finish(.latest, label: Self.label(mode)) }
            state = .sequence(agents, mode, next: 1, succeeded: false)
            return .call(first)
        case .parallel(let agents, _):
            return agents.isEmpty ? finish(.latest, label: "parallel") : .callAll(agents)
        case .finished(let finish): return .finish(finish)
        }
    }

    /// A call ended.
    ///
    /// - Parameter success: whether its reply carries no error.
    package mutating func ended(success: Bool) -> Step {
        switch state {
        case .single: return finish(.latest, label: nil)
        case .sequence(let agents, let mode, let next, let succeeded):
            return advance(agents, mode, next: next, succeeded: succeeded, success: success)
        case .parallel(let agents, let open):
            if success { return finish(.latest, label: nil) }
            guard open > 1 else { return finish(.latest, label: "parallel") }
            state = .parallel(agents, open: open - 1)
            return .wait
        case .finished(let finish): return .finish(finish)
        }
    }

    private mutating func advance(
        _ agents: [AgentRecord], _ mode: RoutePlan.SequenceMode, next: Int, succeeded: Bool, success: Bool
    ) -> Step {
        if success, mode == .fallback { return finish(.latest, label: nil) }
        guard next < agents.count else {
            guard succeeded || success else { return finish(.latest, label: Self.label(mode)) }
            return finish(success ? .latest : .lastSuccess, label: nil)
        }
        state = .sequence(agents, mode, next: next + 1, succeeded: succeeded || success)
        return .call(agents[next])
    }

    private mutating func finish(_ reply: Reply, label: String?) -> Step {
        let finish = Finish(reply: reply, agentLabel: label)
        state = .finished(finish)
        return .finish(finish)
    }

    private static func label(_ mode: RoutePlan.SequenceMode) -> String {
        switch mode {
        case .fallback: "fallback"
        case .broadcast: "broadcast"
        }
    }
}
