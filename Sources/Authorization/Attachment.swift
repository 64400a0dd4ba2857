/// Which workloads a resource is for.
package enum Attachment: Sendable, Hashable {
    /// Those with all of these labels; no label means every workload.
    case labels([String: String])
    /// Those that are one of these.
    case targets([TargetReference])

    /// Whether a resource reaches a workload, and if not, why.
    enum Reach: Hashable {
        case reaches
        case otherNamespace
        case labelsDiffer
        /// It names a gateway or service, and this workload is not it.
        case otherTarget
    }

    func reach(_ workload: Workload, from namespace: String, rootNamespace: String) -> Reach {
        guard namespace == workload.namespace || namespace == rootNamespace else { return .otherNamespace }
        switch self {
        case .labels(let labels):
            return labels.allSatisfy { workload.labels[$0.key] == $0.value } ? .reaches : .labelsDiffer
        case .targets(let targets):
            // Only a gateway's policy can name it, and only from its own namespace: the root namespace gives no right here.
            guard let gateway = workload.gatewayName, namespace == workload.namespace else { return .otherTarget }
            let isNamed = targets.contains { $0.kind == .gateway && $0.name == gateway }
            return isNamed ? .reaches : .otherTarget
        }
    }
}
