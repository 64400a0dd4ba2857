import AdminServer
import GatewayConfiguration
import Identity
import Observability

extension AdminAccess {
    /// Who may use the admin API of a node.
    init(_ admin: GatewayConfiguration.Admin, _ parts: NodeParts) {
        self.init()
        hosts = Set(admin.hosts.map { $0.lowercased() })
        origins = Set(admin.origins)
        policies = parts.adminAuthorization
        let (tokens, keys) = (parts.tokens, parts.keys)
        verify = { token in
            switch tokens.verify(token, nowSeconds: Timestamp.unixNanoseconds() / 1_000_000_000) {
            case .verified(let verified): return .success(verified)
            case .refused(let refusal): return .failure(refusal)
            case .needsKeys(let issuer):
                await keys.refreshKeys(issuer: issuer, waitingMilliseconds: 2_000)
                let now = Timestamp.unixNanoseconds() / 1_000_000_000
                switch tokens.verify(token, nowSeconds: now) {
                case .verified(let verified): return .success(verified)
                case .refused(let refusal): return .failure(refusal)
                case .needsKeys(let issuer): return .failure(tokens.refusalWithoutKeys(token, issuer: issuer))
                }
            }
        }
        guard let access = admin.access else { return }
        var rules = Rules()
        rules.administratorRoles = Set(access.administratorRoles)
        rules.viewerRoles = Set(access.viewerRoles)
        rules.administrators = Set(access.administrators)
        rules.viewers = Set(access.viewers)
        rules.issuers = access.issuers.isEmpty ? nil : Set(access.issuers)
        rules.protectsMetrics = access.protectMetrics
        rules.actionsPerMinute = access.actionsPerMinute
        rules.failuresPerMinute = access.failuresPerMinute
        self.rules = rules
    }
}
