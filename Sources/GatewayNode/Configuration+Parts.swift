import Documents
import Gateway
import GatewayConfiguration
import GatewayHTTP
import Identity
import IntentPolicy
import IntentProtocol
import NIOCore
import Observability
import Traces

/// The machine.
enum System {
    /// Cores that this process may use.
    static var coreCount: Int { max(1, NIOCore.System.coreCount) }
}

extension GatewaySettings {
    /// - Throws: ``PrincipalPatterns/Fault`` when a grant's principal is none.
    init(_ configuration: GatewayConfiguration) throws {
        self.init()
        serviceName = configuration.authentication.serviceName
        allowsAnonymous = configuration.authentication.anonymous == .allow
        allowsServices = configuration.authentication.services == .allow
        allowsParallel = configuration.routing.allowParallel
        requestTimeoutMilliseconds = Int64(configuration.routing.requestTimeoutMilliseconds)
        traces = configuration.traces.map {
            TraceSampling(ratio: Double($0.keptPerMillion) / 1_000_000, parents: TraceSampling.Parents($0.parents))
        }
        envelope.bodyBytesMax = configuration.listen.bodyBytesMax
        envelope.payloadBytesMax = configuration.envelope.payloadBytesMax
        envelope.json.depthMax = configuration.envelope.depthMax
        envelope.json.membersMax = configuration.envelope.membersMax
        envelope.json.stringBytesMax = configuration.listen.bodyBytesMax
        reply = .reply(bytesMax: configuration.routing.upstream.responseBytesMax)
        envelope.dangerousKeys = configuration.envelope.dangerousKeys == .everyDepth ? .everyDepth : .topLevel
        registrationTimeToLiveSecondsMax = Int64(configuration.registration?.ttlSecondsMax ?? 60)
        registrationGrants = try (configuration.registration?.allow ?? []).map { rule in
            RegistrationGrant(
                agents: rule.agents, subjects: rule.subjects.isEmpty ? nil : rule.subjects,
                roles: rule.roles.isEmpty ? nil : rule.roles,
                principals: rule.principals.isEmpty ? nil : try PrincipalPatterns(rule.principals),
                identitySources: rule.identitySources.isEmpty
                    ? nil : IdentitySources(rule.identitySources.map { IdentitySources($0) }),
                issuers: rule.issuers.isEmpty ? nil : rule.issuers,
                intents: rule.intents.isEmpty ? nil : rule.intents,
                hosts: rule.hosts.isEmpty ? nil : rule.hosts)
        }
    }
}

extension HTTPLimits {
    init(_ listen: GatewayConfiguration.Listen) {
        self.init()
        headerBytesMax = listen.headerBytesMax
        headersMax = listen.headersMax
        bodyBytesMax = listen.bodyBytesMax
        headerTimeoutMilliseconds = Int64(listen.headerTimeoutMilliseconds)
        requestTimeoutMilliseconds = Int64(listen.requestTimeoutMilliseconds)
        idleTimeoutMilliseconds = Int64(listen.idleTimeoutMilliseconds)
        connectionsMax = listen.connectionsMax
        connectionsPerPeerMax = listen.connectionsPerPeerMax
        bufferedBytesMax = listen.bufferedBytesMax
    }
}

extension UpstreamLimits {
    init(_ upstream: GatewayConfiguration.Upstream) {
        self.init()
        connectTimeoutMilliseconds = Int64(upstream.connectTimeoutMilliseconds)
        idleTimeoutMilliseconds = Int64(upstream.idleTimeoutMilliseconds)
        connectionAgeMaxMilliseconds = Int64(upstream.connectionAgeMaxSeconds) * 1_000
        connectionsPerAddressMax = upstream.connectionsPerInstanceMax
        bodyBytesMax = upstream.responseBytesMax
    }
}

extension IssuerPolicy {
    /// - Throws: ``ConfigurationRefused`` when a claim's path cannot be read.
    init(configured issuer: GatewayConfiguration.Issuer) throws {
        guard let roles = ClaimPath(issuer.rolesClaim), let tenant = ClaimPath(issuer.tenantClaim) else {
            throw ConfigurationRefused([
                Diagnostic(
                    .error,
                    "issuer '\(issuer.issuer)': rolesClaim and tenantClaim are names with dots between, at most 8")
            ])
        }
        let algorithms = issuer.algorithms.compactMap { SignatureAlgorithm(rawValue: $0.rawValue) }
        self.init(
            issuer: issuer.issuer, audiences: issuer.audiences, algorithms: Set(algorithms),
            leewaySeconds: issuer.leewaySeconds,
            maxLifetimeSeconds: issuer.maxLifetimeSeconds == 0 ? nil : issuer.maxLifetimeSeconds, rolesClaim: roles,
            tenantClaim: tenant)
    }
}

extension TraceSampling.Parents {
    init(_ parents: GatewayConfiguration.Traces.Parents) {
        self =
            switch parents {
            case .followed: .followed
            case .services: .services
            case .ignored: .ignored
            }
    }
}
