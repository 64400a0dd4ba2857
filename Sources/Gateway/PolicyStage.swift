import Identity
import IntentPolicy
import IntentProtocol
import RateLimiting
import Routing

/// What policy grants a request: the agents it may go to, the limits it must pay, the time it may take.
///
/// Only the policy stage can make one.
struct Terms: Sendable {
    /// An agent that policy permits, and on which conditions.
    struct Grant: Sendable {
        let agent: AgentRecord
        let maxTimeoutMilliseconds: Int?
        let demands: [BucketDemand]
    }

    let grants: [Grant]
    /// Agents that policy filtered, each with the rule that did; nil for the default.
    let filtered: [(agent: String, rule: String?)]
    /// Why the request has nowhere to go, although policy does not object.
    let unroutable: IntentError?
    /// What admission takes at once: the limits of every agent that is certain to be called.
    let initialDemands: [BucketDemand]

    fileprivate init(
        grants: [Grant], filtered: [(agent: String, rule: String?)], unroutable: IntentError?,
        initialDemands: [BucketDemand]
    ) {
        self.grants = grants
        self.filtered = filtered
        self.unroutable = unroutable
        self.initialDemands = initialDemands
    }

    var agents: [AgentRecord] { grants.map(\.agent) }

    /// Whether a later agent may have limits that admission did not take.
    var limitsDifferByAgent: Bool { grants.count > 1 }

    func demands(of agent: AgentRecord) -> [BucketDemand] { grant(of: agent)?.demands ?? [] }

    func timeoutMilliseconds(of agent: AgentRecord) -> Int? { grant(of: agent)?.maxTimeoutMilliseconds }

    private func grant(of agent: AgentRecord) -> Grant? {
        grants.first { $0.agent === agent }
    }

    /// What the answer's metadata says beyond the agent's own word.
    func extras(for reply: WorkerReply) -> ReplyExtras {
        var extras = ReplyExtras(agent: reply.agent.name)
        if let label = reply.agentLabel { extras.members["agent"] = .string(label) }
        guard !filtered.isEmpty else { return extras }
        extras.members["policy"] = [
            "filtered": .array(filtered.map { .string($0.agent) }),
            "filter_reasons": .array(filtered.map { .string($0.rule.map { "rule \($0)" } ?? "default") }),
        ]
        return extras
    }
}

extension Gateway {
    /// Asks the policy for each candidate agent; an explicit target that is denied is a denial and never rerouted.
    func applyPolicy(
        _ envelope: borrowing OpenedEnvelope, _ caller: Caller, _ permit: Permit, _ journal: inout Journal
    ) throws(Refusal) -> Terms {
        journal.enter(.policy, around)
        let active = policies.current
        let request = PolicyRequest(
            subject: caller.subject, roles: caller.roles, tenant: caller.tenant, principal: caller.service?.principal,
            identitySources: caller.service?.sources ?? .nothing, address: caller.address, intent: envelope.intentName,
            content: .envelope(envelope.envelope))
        let directory = directory.snapshot
        let registered = directory.candidates(intent: envelope.intentName, version: envelope.intentVersion)
        // A metric label; names that only a wildcard agent answers are the caller's to choose, and so no labels.
        if directory.isIndexed(envelope.intentName) { journal.knownIntent = envelope.intentName }
        let eligible: [AgentRecord]
        do throws(IntentError) {
            eligible = try RoutePlan.eligible(
                registered: registered, strategy: envelope.envelope.strategy,
                targetAgent: envelope.envelope.targetAgent, intent: envelope.intentName,
                allowsParallel: settings.allowsParallel)
        } catch {
            return try unroutable(error, envelope.envelope.targetAgent, request, active, &journal)
        }
        if eligible.count == 1 { return try single(eligible[0], request, active, &journal) }
        return try several(eligible, request, active, envelope.envelope.strategy, &journal)
    }

    /// The common case, one candidate: no list but the result's own.
    private func single(
        _ agent: AgentRecord, _ request: borrowing PolicyRequest, _ active: ActivePolicy, _ journal: inout Journal
    ) throws(Refusal) -> Terms {
        let decision = active.policy.evaluate(request, agent: agent.name)
        note(decision, active, &journal)
        guard decision.isAllowed else { throw denial(decision) }
        let grant = grant(agent, decision, request, active)
        return Terms(grants: [grant], filtered: [], unroutable: nil, initialDemands: grant.demands)
    }

    private func several(
        _ agents: [AgentRecord], _ request: borrowing PolicyRequest, _ active: ActivePolicy,
        _ strategy: RoutingStrategy, _ journal: inout Journal
    ) throws(Refusal) -> Terms {
        var grants: [Terms.Grant] = []
        var denied: [(agent: String, decision: PolicyDecision)] = []
        for agent in agents {
            let decision = active.policy.evaluate(request, agent: agent.name)
            noteShadows(decision, active, &journal)
            if decision.isAllowed {
                if grants.isEmpty { noteRule(decision, active, &journal) }
                grants.append(grant(agent, decision, request, active))
            } else {
                denied.append((agent.name, decision))
            }
        }
        guard !grants.isEmpty else {
            if let first = denied.first { noteRule(first.decision, active, &journal) }
            throw denial(denied.first?.decision)
        }
        let filtered = denied.map { (agent: $0.agent, rule: $0.decision.rule.map { active.policy.rules[$0].id }) }
        return Terms(
            grants: grants, filtered: filtered, unroutable: nil, initialDemands: Self.initialDemands(grants, strategy))
    }

    /// A request that has nowhere to go is judged all the same: who may not ask learns nothing of the directory.
    private func unroutable(
        _ error: IntentError, _ target: String?, _ request: borrowing PolicyRequest, _ active: ActivePolicy,
        _ journal: inout Journal
    ) throws(Refusal) -> Terms {
        let decision = active.policy.evaluate(request, agent: target)
        note(decision, active, &journal)
        guard decision.isAllowed else { throw denial(decision) }
        return Terms(
            grants: [], filtered: [], unroutable: error,
            initialDemands: demands(decision, request, active, agent: target))
    }

    private func note(_ decision: PolicyDecision, _ active: ActivePolicy, _ journal: inout Journal) {
        noteRule(decision, active, &journal)
        noteShadows(decision, active, &journal)
    }

    private func noteRule(_ decision: PolicyDecision, _ active: ActivePolicy, _ journal: inout Journal) {
        journal.record.rule = decision.rule.map { active.policy.rules[$0].id }
    }

    /// Each rule once a request, whatever the number of agents that it would have decided about.
    private func noteShadows(_ decision: PolicyDecision, _ active: ActivePolicy, _ journal: inout Journal) {
        guard !decision.shadowRules.isEmpty else { return }
        for rule in decision.shadowRules {
            let name = active.policy.rules[rule].id
            guard !journal.record.shadowRules.contains(name) else { continue }
            journal.record.shadowRules.append(name)
            meter.recordShadow(rule: name)
        }
    }

    private func grant(
        _ agent: AgentRecord, _ decision: PolicyDecision, _ request: borrowing PolicyRequest, _ active: ActivePolicy
    ) -> Terms.Grant {
        Terms.Grant(
            agent: agent, maxTimeoutMilliseconds: decision.maxTimeoutMilliseconds,
            demands: demands(decision, request, active, agent: agent.name))
    }

    private func demands(
        _ decision: PolicyDecision, _ request: borrowing PolicyRequest, _ active: ActivePolicy, agent: String?
    ) -> [BucketDemand] {
        guard !decision.limits.isEmpty else { return [] }
        var demands: [BucketDemand] = []
        demands.reserveCapacity(decision.limits.count)
        for limit in decision.limits {
            let fields = active.policy.keyFields(limit, request, agent: agent)
            demands.append(active.limits[limit].demand(onFields: fields, cost: active.policy.limits[limit].cost))
        }
        return demands
    }

    private static func initialDemands(_ grants: [Terms.Grant], _ strategy: RoutingStrategy) -> [BucketDemand] {
        switch strategy {
        case .direct, .fallback: return grants[0].demands
        case .broadcast, .parallel:
            var demands: [BucketDemand] = []
            for demand in grants.lazy.flatMap(\.demands) where !demands.contains(where: { $0.key == demand.key }) {
                demands.append(demand)
            }
            return demands
        }
    }

    /// Which rule decided is for the audit record and the operator; the caller learns that policy did.
    private func denial(_ decision: PolicyDecision?) -> Refusal {
        Refusal(
            IntentError(
                .unauthorized, "policy denies this request", retryable: false,
                details: ["reason": .string("POLICY_DENIAL")]),
            status: 403, reason: decision?.isFault == true ? "policy_fault" : "policy_denial", event: .policyDeny)
    }
}
