import IntentProtocol
import Testing

@testable import Identity

@Suite("Service-account tokens")
struct ServiceAccountIssuersTests {
    private static let cluster = "https://kubernetes.default.svc"

    private func issuers() throws -> ServiceAccountIssuers {
        try ServiceAccountIssuers(
            [
                .init(issuer: Self.cluster, trustDomain: Peers.domain("cluster.local")),
                .init(issuer: "https://partner", trustDomain: Peers.domain("partner.example")),
            ], Peers.domains())
    }

    @Test("a cluster's service account is the service that Istio would call it")
    func mapped() throws {
        let identity = try #require(
            try issuers().identity(issuer: Self.cluster, subject: "system:serviceaccount:default:api-gateway"))
        #expect(identity.principal == "cluster.local/ns/default/sa/api-gateway")
        #expect(identity.source == .serviceAccountToken)
        let dotted = try issuers().identity(
            issuer: "https://partner", subject: "system:serviceaccount:a:cert-manager.io")
        #expect(dotted?.principal == "partner.example/ns/a/sa/cert-manager.io")
    }

    @Test("tokens of other issuers and other subjects are nobody's service")
    func others() throws {
        let issuers = try issuers()
        for issuer in ["https://idp.example.com", Self.cluster + "/", Self.cluster.uppercased(), ""] {
            #expect(try issuers.identity(issuer: issuer, subject: "system:serviceaccount:default:admin") == nil)
        }
        for subject in ["alice", "system:node:a", "System:serviceaccount:a:b", "", "system:serviceaccount"] {
            #expect(try issuers.identity(issuer: Self.cluster, subject: subject) == nil, "\(subject)")
        }
    }

    @Test(
        "subjects that Kubernetes would not make are refused",
        arguments: [
            "", ":", "a", "a:", ":b", "a:b:c", "a:b:", "a/sa/x:b", "a:b/../c", "A:b", "a:B", "a:b_c", "-a:b", "a-:b",
            "a:.b", "a:b..c", "a.b:c", "a:b\n", "ä:b", "*:*", String(repeating: "a", count: 64) + ":b",
            "a:" + String(repeating: "b", count: 254),
        ])
    func malformed(tail: String) throws {
        let issuers = try issuers()
        #expect(throws: PeerRefusal.serviceAccountSubject) {
            try issuers.identity(issuer: Self.cluster, subject: "system:serviceaccount:" + tail)
        }
    }

    @Test("a cluster needs a configured trust domain, and each issuer stands once")
    func configuration() throws {
        let foreign = ServiceAccountIssuers.Cluster(issuer: "i", trustDomain: try Peers.domain("elsewhere"))
        let own = ServiceAccountIssuers.Cluster(issuer: "i", trustDomain: try Peers.domain("cluster.local"))
        for clusters in [[foreign], [own, own]] {
            #expect(throws: ServiceAccountIssuers.Fault.self) { try ServiceAccountIssuers(clusters, Peers.domains()) }
        }
    }

    @Test("a token verified by its signature is mapped by its issuer and subject")
    func token() throws {
        let issuer = TestIssuer.standard
        let verifier = try issuer.verifier()
        let token = issuer.token(["sub": "\"system:serviceaccount:default:front\""])
        let verified = try #require(verifier.verified(token))
        let issuers = try ServiceAccountIssuers(
            [.init(issuer: issuer.policy.issuer, trustDomain: Peers.domain("cluster.local"))], Peers.domains())
        #expect(try issuers.identity(of: verified)?.principal == "cluster.local/ns/default/sa/front")
    }
}
