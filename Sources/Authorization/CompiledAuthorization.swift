/// All resources as they are for one workload, ready to be asked. Never changes; a reload makes a new one.
package final class CompiledAuthorization: Sendable {
    /// The policies that are attached, in the order of the documents.
    package let policies: [AuthorizationPolicy]
    /// The policies that are not, and why.
    let unattached: [(policy: AuthorizationPolicy, reach: Attachment.Reach)]
    /// Which tokens to believe, of all resources that are attached, by issuer.
    package let tokenRules: [TokenRule]
    /// Where the rules look for tokens.
    package let tokenPlaces: TokenPlaces
    /// The headers that rules make of tokens; a caller's own are never believed.
    let madeHeaders: [String]
    /// Claims whose words count as a list, for `TokenAttributes`.
    package let spaceDelimitedClaims: [String]
    /// The header fields that rules look at, in lower case; others need not be handed in.
    package let headerNames: [[UInt8]]
    /// How a path is read before it is compared.
    package let pathNormalization: PathNormalization
    private let peerModes: PeerModes
    /// PeerAuthentications with a selector in the root namespace, which reach nothing.
    package let idlePeerAuthentications: [ResourceMetadata]
    let rules: FrozenRules
    /// The policy and the place of each row.
    let rows: [RuleRow]
    let names: [String]
    private let enforced: ActionSets
    private let shadowed: ActionSets?

    /// Compiles.
    package init(_ documents: AuthorizationDocuments, mesh: MeshSettings, workload: Workload) {
        var attached: [AuthorizationPolicy] = []
        var unattached: [(policy: AuthorizationPolicy, reach: Attachment.Reach)] = []
        for policy in documents.policies {
            let reach = policy.attachment.reach(
                workload, from: policy.metadata.namespace, rootNamespace: mesh.rootNamespace)
            if reach == .reaches { attached.append(policy) } else { unattached.append((policy, reach)) }
        }
        var builder = RuleTableBuilder(TrustDomains(mesh))
        let rows = attached.indices.map { place in
            attached[place].rules.enumerated().map { rule in
                builder.add(
                    rule.element, place: rule.offset, policy: place, namespace: attached[place].metadata.namespace)
            }
        }
        let dryRuns = attached.indices.filter { attached[$0].isDryRun }
        policies = attached
        self.unattached = unattached
        rules = FrozenRules(builder.table)
        self.rows = builder.table.rows
        names = attached.map(\.metadata.fullName)
        enforced = ActionSets(attached, rows, builder.table) { !$0.isDryRun }
        shadowed = dryRuns.isEmpty ? nil : ActionSets(attached, rows, builder.table) { _ in true }
        headerNames = builder.table.headerNames
        pathNormalization = mesh.pathNormalization
        peerModes = PeerModes(documents.peerAuthentications, mesh: mesh, workload: workload)
        idlePeerAuthentications = documents.peerAuthentications.filter {
            $0.labels != nil && $0.metadata.namespace == mesh.rootNamespace
        }.map(\.metadata)
        tokenRules = documents.requestAuthentications.filter { resource in
            resource.attachment.reach(
                workload, from: resource.metadata.namespace, rootNamespace: mesh.rootNamespace) == .reaches
        }.flatMap(\.tokenRules).enumerated()
            .sorted { ($0.element.issuer ?? "", $0.offset) < ($1.element.issuer ?? "", $1.offset) }.map(\.element)
        tokenPlaces = TokenPlaces(tokenRules)
        madeHeaders = Set(tokenRules.flatMap { [$0.payloadHeader].compactMap(\.self) + $0.claimHeaders.map(\.header) })
            .sorted()
        spaceDelimitedClaims = Set(tokenRules.flatMap(\.spaceDelimitedClaims)).sorted()
    }

    /// What a port of this workload asks of a connection.
    package func mutualTLSMode(port: UInt16) -> MutualTLSMode {
        peerModes.mode(port: Int(port))
    }

    /// What a resource asks of connections to a port of this workload; nil where none says anything.
    package func statedPeerMode(port: UInt16) -> StatedPeerMode? {
        peerModes.stated(port: Int(port))
    }

    /// Decides about a request. Does not allocate unless the path is not in its normal form or an AUDIT rule matches.
    package func evaluate(_ request: borrowing AuthorizationRequest) -> AuthorizationDecision {
        switch pathNormalization.normalize(request.target) {
        case .refused(let fault):
            return AuthorizationDecision(reason: .unservablePath(fault), audited: [], shadow: nil)
        case .path(let path):
            return rules.with(request, path: path) { rules, request in
                AuthorizationDecision(
                    reason: reason(enforced, rules, request), audited: audited(rules, request),
                    shadow: shadowed.map { reason($0, rules, request) })
            }
        }
    }

    private func reason(
        _ sets: ActionSets, _ rules: borrowing RuleView, _ request: borrowing RequestView
    ) -> AuthorizationDecision.Reason {
        if let row = sets.custom.firstMatch(rules, request) { return .providerUnknown(matched(row)) }
        if let row = sets.deny.firstMatch(rules, request) { return .denied(matched(row)) }
        guard sets.allow.policyCount > 0 else { return .noAllowPolicy }
        guard let row = sets.allow.firstMatch(rules, request) else { return .noRuleMatched }
        return .allowed(matched(row))
    }

    private func audited(_ rules: borrowing RuleView, _ request: borrowing RequestView) -> [MatchedRule] {
        var matches: [MatchedRule] = []
        var last: Int32 = -1
        for row in enforced.audit.rows {
            let policy = rows[Int(row)].policy
            guard policy != last, rules.matches(Int(row), request) else { continue }
            last = policy
            matches.append(matched(Int(row)))
        }
        return matches
    }

    func matched(_ row: Int) -> MatchedRule {
        let row = rows[row]
        return MatchedRule(policy: names[Int(row.policy)], rule: Int(row.rule))
    }
}
