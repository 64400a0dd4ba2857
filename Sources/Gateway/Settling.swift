import IntentProtocol
import RateLimiting

/// A demand whose cost is known when the workers have answered.
struct SettlingDemand: Sendable {
    let demand: BucketDemand
    /// Whether this node's share paid for it.
    let isDegraded: Bool
    /// What workers said so far, all together; nil while none did.
    var reportedCost: Int?
}

extension AdmissionTicket {
    /// The most that one worker's report counts for.
    static var reportedCostMax: Int { 1_000_000 }

    /// Remembers what the answers will settle; a shadow that would have refused took nothing, and there is nothing to settle.
    mutating func noteSettling(_ demands: [BucketDemand], _ admission: Admission, isDegraded: Bool) {
        for (demand, state) in zip(demands, admission.states) where demand.limit.isSettled && state.verdict == .admits {
            settling.append(SettlingDemand(demand: demand, isDegraded: isDegraded, reportedCost: nil))
        }
    }

    /// Adds what an agent says that it cost to the limits that were taken for it.
    mutating func note(_ reply: WorkerReply, _ terms: borrowing Terms) {
        guard !settling.isEmpty, case .answered(let answer) = reply.outcome, let cost = answer.usageCost else { return }
        let demands = terms.demands(of: reply.agent)
        for index in settling.indices where demands.contains(where: { $0.key == settling[index].demand.key }) {
            settling[index].reportedCost = (settling[index].reportedCost ?? 0) + min(cost, Self.reportedCostMax)
        }
    }
}

extension Gateway {
    /// Pays what the workers said, or leaves it at what was paid; nobody waits for it.
    func settle(_ ticket: borrowing AdmissionTicket) {
        guard !ticket.settling.isEmpty else { return }
        let settlements = ticket.settling.map {
            BucketSettlement(demand: $0.demand, actualCost: $0.reportedCost, isDegraded: $0.isDegraded)
        }
        buckets.settle(settlements, nowNanoseconds: around.monotonicNanoseconds())
    }
}
