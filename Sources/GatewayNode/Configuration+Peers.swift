import Documents
import Foundation
import Gateway
import GatewayConfiguration
import Identity
import IntentProtocol

extension PeerProofs {
    /// Reads the names of the mesh and the secrets of the nodes.
    ///
    /// - Throws: ``ConfigurationRefused`` with every entry that cannot be used.
    init(
        _ mesh: GatewayConfiguration.Mesh, issuers: [GatewayConfiguration.Issuer], secrets: NodeSecrets,
        replays: any ReplayCache
    ) throws {
        let table = try TrustDomainTable(mesh)
        let proxies = try Self.read("trustedProxies") { () throws(TrustedProxies.Fault) in
            try TrustedProxies(mesh.trustedProxies, table)
        }
        let forwarded = mesh.forwardedFor
        let addressProxies =
            forwarded.proxies.isEmpty
            ? proxies
            : try Self.read("forwardedFor.proxies") { () throws(TrustedProxies.Fault) in
                try TrustedProxies(forwarded.proxies, table)
            }
        let addresses = ForwardedAddressRules(trustedHops: forwarded.trustedHops, proxies: addressProxies)
        let nodes = try mesh.nodes.map { try NodePeer($0, secrets) }
        var verifier: NodeSignatureVerifier?
        if !nodes.isEmpty {
            verifier = try Self.read("nodes") { () throws(NodeSignatureVerifier.Fault) in
                try NodeSignatureVerifier(
                    nodes, table, windowSeconds: mesh.nodeSignatureWindowSeconds, replays: replays)
            }
        }
        let clusters = try mesh.serviceAccountIssuers.map { cluster in
            guard issuers.contains(where: { $0.issuer == cluster.issuer }) else {
                throw Self.refused(
                    "serviceAccountIssuers", "issuer '\(cluster.issuer)' is not among authentication.issuers")
            }
            let domain = try TrustDomain(configured: cluster.trustDomain ?? mesh.trustDomain, "serviceAccountIssuers")
            return ServiceAccountIssuers.Cluster(issuer: cluster.issuer, trustDomain: domain)
        }
        let accounts = try Self.read("serviceAccountIssuers") { () throws(ServiceAccountIssuers.Fault) in
            try ServiceAccountIssuers(clusters, table)
        }
        let untrusted: ForwardingRule =
            switch mesh.untrustedForwarding {
            case .refuse: .refuse
            case .ignore: .ignore
            }
        self.init(
            rules: PeerRules(
                table, proxies: proxies, addresses: addresses, untrusted: untrusted,
                reader: ForwardedCertificateReader(elementsMax: mesh.forwardedElementsMax)), nodes: verifier,
            accounts: accounts)
    }

    fileprivate static func read<Value, Fault: Error & MeshFault>(
        _ key: String, _ make: () throws(Fault) -> Value
    ) throws -> Value {
        do {
            return try make()
        } catch {
            throw refused(key, error.message)
        }
    }

    fileprivate static func refused(_ key: String, _ message: String) -> ConfigurationRefused {
        ConfigurationRefused([Diagnostic(.error, "mesh.\(key): \(message)")])
    }
}

extension TrustDomainTable {
    init(_ mesh: GatewayConfiguration.Mesh) throws {
        let own = try TrustDomain(configured: mesh.trustDomain, "trustDomain")
        let aliases = try mesh.trustDomainAliases.map { try TrustDomain(configured: $0, "trustDomainAliases") }
        let federated = try mesh.federatedTrustDomains.map { try TrustDomain(configured: $0, "federatedTrustDomains") }
        self = try PeerProofs.read("federatedTrustDomains") { () throws(TrustDomainTable.Fault) in
            try TrustDomainTable(own, aliases: aliases, federated: federated)
        }
    }
}

extension TrustDomain {
    fileprivate init(configured text: String, _ key: String) throws {
        guard let domain = TrustDomain(text) else {
            throw PeerProofs.refused(
                key, "'\(text)' is no trust domain: 1 to 255 of a-z 0-9 . - _, as in cluster.local")
        }
        self = domain
    }
}

extension NodePeer {
    fileprivate init(_ node: GatewayConfiguration.Node, _ secrets: NodeSecrets) throws {
        let service: SPIFFEID
        do {
            service = try SPIFFEID(node.service)
        } catch {
            throw PeerProofs.refused("nodes", "service of '\(node.id)' \(error.problem)")
        }
        let settings = [node.secretFile, node.formerSecretFile].compactMap(\.self)
        self.init(
            id: node.id, secrets: try settings.map { try secrets.text(of: $0, "mesh.nodes: '\(node.id)'") },
            service: service)
    }
}

/// A fault of the mesh's names that says what is wrong and what to do about it.
private protocol MeshFault {
    var message: String { get }
}

extension TrustedProxies.Fault: MeshFault {}
extension NodeSignatureVerifier.Fault: MeshFault {}
extension ServiceAccountIssuers.Fault: MeshFault {}
extension TrustDomainTable.Fault: MeshFault {}
