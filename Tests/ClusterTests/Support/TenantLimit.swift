/// The limit of a tenant, and how many requests it may admit.
struct TenantLimit: Sendable {
    let tenant: String
    /// 0 is no limit at all.
    let perMinute: Int
    let burst: Int
    /// What is offered.
    let perSecond: Int

    var isLimited: Bool { perMinute > 0 }

    /// Requests that the limit brings in a time.
    func gained(nanoseconds: Int64) -> Int { Int(Double(perMinute) * Double(nanoseconds) / 60e9) }

    /// The most that may be admitted in a time: burst + rate × time.
    func bound(nanoseconds: Int64) -> Int { burst + gained(nanoseconds: nanoseconds) }

    /// What all nodes together may admit on top while they have only their shares, and what a store that forgot gives anew.
    ///
    /// - Parameters:
    ///   - nanoseconds: how long it lasted.
    ///   - nodes: how many of the three could not ask.
    ///   - forgets: whether the store came back without its data.
    func degradedBound(nanoseconds: Int64, nodes: Int, forgets: Bool) -> Int {
        (bound(nanoseconds: nanoseconds) * nodes + 2) / 3 + (forgets ? burst : 0)
    }

    /// The rule of a policy file.
    var rule: String {
        let limit = isLimited ? ", rate_limit_per_minute: \(perMinute), rate_limit_burst: \(burst)" : ""
        return
            #"  - { id: \#(tenant), action: ALLOW, tenants: [\#(tenant)], rate_limit_key_template: "{tenant}"\#(limit) }"#
    }
}
