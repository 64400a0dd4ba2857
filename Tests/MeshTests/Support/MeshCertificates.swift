import RedisFixtures

/// The identities of the tests' mesh.
struct MeshCertificates: Sendable {
    static let shared = Result { try MeshCertificates() }
    static let gatewayService = "spiffe://cluster.local/ns/default/sa/gateway"

    let all: TestCertificates
    /// The sidecar's and the gateway's own: both are the gateway to its peers.
    let gateway: TestCertificates.Pair
    /// The service that the guide's policy names.
    let apiGateway: TestCertificates.Pair
    let reports: TestCertificates.Pair
    /// An ingress that may speak for others.
    let ingress: TestCertificates.Pair
    /// Of the same authority, for a trust domain that is not this mesh's.
    let foreign: TestCertificates.Pair

    var authorityFile: String { all.authority.certificateFile }

    private init() throws {
        all = try TestCertificates()
        gateway = try all.leaf("gateway", alternativeNames: "URI:\(Self.gatewayService)")
        apiGateway = try all.leaf(
            "api-gateway", alternativeNames: Self.names("cluster.local/ns/default/sa/api-gateway"))
        reports = try all.leaf("reports", alternativeNames: Self.names("cluster.local/ns/default/sa/reports"))
        ingress = try all.leaf("ingress", alternativeNames: Self.names("cluster.local/ns/istio-system/sa/ingress"))
        foreign = try all.leaf("foreign", alternativeNames: Self.names("elsewhere.example/ns/default/sa/api-gateway"))
    }

    private static func names(_ principal: String) -> String { "URI:spiffe://\(principal)" }
}
