import Authorization
import Documents
import Encryption
import Foundation
import GatewayConfiguration
import GatewayHTTP
import IntentPolicy
import IntentProtocol

extension ProductionFacts {
    /// Looks at the files that a configuration names; one that cannot be read leaves its facts out, for `check` tells of it.
    init(_ configuration: GatewayConfiguration, _ named: [NamedFile], nowUnixSeconds: Int64) {
        self.init()
        self.nowUnixSeconds = nowUnixSeconds
        // What is wrong with the files themselves is told by the check beside this one.
        let untold = Diagnostics()
        look(at: named)
        lookAtPolicy(named.filter { $0.kind == .policy }, untold)
        lookAtAuthorization(named.filter { $0.kind == .authorization }, configuration, untold)
        if let path = configuration.emcl?.keyRingFile { lookAtRing(path) }
        certificates = named.filter { CertificateFact.isCertificate($0.key) }.flatMap { CertificateFact.read($0.path) }
    }

    private mutating func look(at named: [NamedFile]) {
        for file in named where file.kind != .output {
            // A mounted file is a link to a link: what counts is the file at its end.
            let target = URL(fileURLWithPath: file.path).resolvingSymlinksInPath().path
            guard let mode = try? FileManager.default.attributesOfItem(atPath: target)[.posixPermissions] as? Int
            else { continue }
            files.append(File(key: file.key, path: file.path, mode: mode & 0o777))
        }
    }

    private mutating func lookAtPolicy(_ named: [NamedFile], _ untold: Diagnostics) {
        let texts = named.compactMap { file in
            (try? String(contentsOfFile: file.path, encoding: .utf8)).map { (name: file.path, text: $0) }
        }
        guard !texts.isEmpty, texts.count == named.count, let policy = PolicyLoader.load(texts, into: untold) else {
            return
        }
        policyDeniesByDefault = policy.deniesByDefault
        unlimitedRules = policy.unlimitedRules.map(Rule.init)
        openLimits = policy.allowingRules.filter { $0.onStoreFailure == .allow && $0.ratePerMinute != nil }
            .map(Rule.init)
        rulesOfServices += policy.rules.filter(\.asksForService).map(Rule.init)
    }

    private mutating func lookAtAuthorization(
        _ named: [NamedFile], _ configuration: GatewayConfiguration, _ untold: Diagnostics
    ) {
        let modes = ListenerModes(configuration)
        let port = UInt16(clamping: configuration.listen.port)
        guard !named.isEmpty else {
            peerMode = PeerMode(modes.mode(port: port, nil))
            return
        }
        guard let policies = AuthorizationFiles(named, configuration).load(into: untold) else { return }
        peerMode = PeerMode(modes.mode(port: port, policies))
        sidecarRequiresTLS = policies.statedPeerMode(port: port)?.mode == .strict
        rulesOfServices += policies.policies.filter(\.asksForService).map { policy in
            Rule(id: policy.metadata.fullName, place: "\(policy.metadata.location)")
        }
    }

    private mutating func lookAtRing(_ path: String) {
        guard let bytes = FileManager.default.contents(atPath: path) else { return }
        guard let keys = try? KeyRingDocument.read(Array(bytes), file: path) else { return }
        ring = keys.keys.map { key in
            RingKey(
                id: key.id, profile: key.profile.rawValue, uses: key.uses.map(\.rawValue).sorted(),
                activeFrom: key.activeFromMilliseconds / 1_000,
                opensUntil: key.opensUntilMilliseconds.map { $0 / 1_000 })
        }
    }
}

extension ProductionFacts.Rule {
    init(_ rule: PolicyRule) {
        self.init(id: rule.id, place: rule.location.map { "\($0)" } ?? "policy.files")
    }
}

extension PolicyRule {
    /// Whether it matches only who is known to be a service.
    fileprivate var asksForService: Bool {
        action == .allow && (principals != nil || identitySources.map { !$0.contains(.none) } ?? false)
    }
}

extension AuthorizationPolicy {
    /// Whether it admits only who is known to be a service.
    fileprivate var asksForService: Bool {
        let terms = rules.flatMap { rule in rule.sources.flatMap { $0 } + rule.conditions }
        return action == .allow && terms.contains { !$0.isNegated && $0.attribute.isOfService }
    }
}

extension RuleAttribute {
    fileprivate var isOfService: Bool {
        switch self {
        case .principal, .namespace, .serviceAccount, .trustDomain: true
        case .requestPrincipal, .sourceAddress, .remoteAddress, .destinationAddress, .host, .port, .method, .path,
            .header, .audiences, .presenter, .claim, .serverName:
            false
        }
    }
}

extension ProductionFacts.PeerMode {
    init(_ mode: ListenerTLS.Mode) {
        self =
            switch mode {
            case .disable: .disable
            case .permissive: .permissive
            case .strict: .strict
            case .mutual: .mutual
            }
    }
}
