import IntentProtocol
import Routing

/// Which agents the request goes to, and in what manner.
///
/// Only the route stage can make one, and only from terms that policy gave.
struct Route: Sendable {
    let plan: RoutePlan

    fileprivate init(plan: RoutePlan) {
        self.plan = plan
    }
}

extension Gateway {
    /// Turns what policy permitted into a plan; an intent that nobody answers ends here, after policy and limits.
    func chooseRoute(
        _ envelope: borrowing OpenedEnvelope, _ terms: borrowing Terms, _ journal: borrowing Journal
    ) throws(Refusal) -> Route {
        journal.enter(.route, around)
        if let unroutable = terms.unroutable {
            throw Refusal(unroutable, reason: "no_route")
        }
        guard let plan = RoutePlan(permitted: terms.agents, strategy: envelope.envelope.strategy) else {
            throw Refusal(
                IntentError(.capabilityNotFound, "No agents registered for intent '\(envelope.intentName)'"),
                reason: "no_route")
        }
        return Route(plan: plan)
    }
}
