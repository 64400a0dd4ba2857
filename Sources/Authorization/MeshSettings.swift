/// What holds for the whole mesh, whatever the workload.
package struct MeshSettings: Sendable, Hashable {
    /// The namespace whose policies apply everywhere.
    package var rootNamespace: String
    /// The trust domain of this mesh.
    package var trustDomain: String
    /// Further names of the trust domain, such as the one before a migration.
    package var trustDomainAliases: [String]
    /// How a path is read before it is compared.
    package var pathNormalization: PathNormalization

    /// Makes settings; the defaults are Istio's.
    package init(
        rootNamespace: String = "istio-system", trustDomain: String = "cluster.local",
        trustDomainAliases: [String] = [], pathNormalization: PathNormalization = .base
    ) {
        self.rootNamespace = rootNamespace
        self.trustDomain = trustDomain
        self.trustDomainAliases = trustDomainAliases
        self.pathNormalization = pathNormalization
    }
}
