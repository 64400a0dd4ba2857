/// The workload that policies are attached to: this gateway.
package struct Workload: Sendable, Hashable {
    /// Its namespace.
    package var namespace: String
    /// Its labels.
    package var labels: [String: String]

    /// Makes a workload.
    package init(namespace: String, labels: [String: String] = [:]) {
        self.namespace = namespace
        self.labels = labels
    }

    /// The name of the Kubernetes Gateway that this workload is; nil when it is none.
    var gatewayName: String? { labels["gateway.networking.k8s.io/gateway-name"] }
}
