/// A resource of the cluster that a policy names as its target.
package struct TargetReference: Sendable, Hashable {
    /// What kind of resource it is.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case gateway = "Gateway"
        case gatewayClass = "GatewayClass"
        case service = "Service"
        case serviceEntry = "ServiceEntry"

        /// The API groups under which the kind may be named.
        var groups: [String] {
            switch self {
            case .gateway, .gatewayClass: ["gateway.networking.k8s.io"]
            case .service: ["", "core"]
            case .serviceEntry: ["networking.istio.io"]
            }
        }
    }

    package let kind: Kind
    package let name: String
}
