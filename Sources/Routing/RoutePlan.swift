package import IntentProtocol

/// Which agents a request goes to, and in what manner; made from the candidates that policy permits.
package enum RoutePlan: Sendable {
    /// How a sequence of calls ends.
    package enum SequenceMode: Sendable, Hashable {
        /// With the first success.
        case fallback
        /// After all; the last success is the answer.
        case broadcast
    }

    /// One call to one agent.
    case single(AgentRecord)
    /// One call after the other.
    case sequence([AgentRecord], SequenceMode)
    /// All at once; the first success is the answer.
    case parallel([AgentRecord])

    /// The candidates that policy is to be asked about.
    ///
    /// DIRECT with a target leaves that target alone, so that a denied target is a denial and never another agent's
    /// request.
    ///
    /// - Parameters:
    ///   - registered: `Directory.candidates`, in their order.
    ///   - allowsParallel: whether the configuration permits PARALLEL, whose answer is a matter of chance.
    /// - Throws: VALIDATION_ERROR for a PARALLEL that is not allowed, CAPABILITY_NOT_FOUND without candidates,
    ///   ROUTING_ERROR for a target that is not among them.
    package static func eligible(
        registered: [AgentRecord], strategy: RoutingStrategy, targetAgent: String?, intent: String,
        allowsParallel: Bool = false
    ) throws(IntentError) -> [AgentRecord] {
        guard strategy != .parallel || allowsParallel else {
            throw IntentError(
                .validationError, "strategy 'parallel' is not allowed here: its answer is a matter of chance")
        }
        guard !registered.isEmpty else {
            throw IntentError(.capabilityNotFound, "No agents registered for intent '\(intent)'")
        }
        guard strategy == .direct, let targetAgent else { return undrained(registered) }
        let name = ExactText(targetAgent)
        guard let target = registered.first(where: { ExactText($0.name) == name }) else {
            throw IntentError(
                .routingError, "Target agent '\(targetAgent)' not registered for intent '\(intent)'", retryable: false)
        }
        return [target]
    }

    /// Agents that an operator drained are passed over for as long as there are others.
    private static func undrained(_ registered: [AgentRecord]) -> [AgentRecord] {
        guard registered.count > 1, registered.contains(where: \.isDrained) else { return registered }
        let open = registered.filter { !$0.isDrained }
        return open.isEmpty ? registered : open
    }

    /// The plan over the candidates that policy permitted, in their order; nil when it permitted none.
    package init?(permitted: [AgentRecord], strategy: RoutingStrategy) {
        guard let first = permitted.first else { return nil }
        switch strategy {
        case .direct: self = .single(first)
        case .fallback: self = .sequence(permitted, .fallback)
        case .broadcast: self = .sequence(permitted, .broadcast)
        case .parallel: self = .parallel(permitted)
        }
    }

    /// Both steps at once, for callers without a policy between them.
    package static func make(
        candidates: [AgentRecord], strategy: RoutingStrategy, targetAgent: String?, intent: String,
        allowsParallel: Bool = false
    ) throws(IntentError) -> RoutePlan {
        let eligible = try eligible(
            registered: candidates, strategy: strategy, targetAgent: targetAgent, intent: intent,
            allowsParallel: allowsParallel)
        guard let plan = RoutePlan(permitted: eligible, strategy: strategy) else {
            throw IntentError(.capabilityNotFound, "No agents registered for intent '\(intent)'")
        }
        return plan
    }
}
