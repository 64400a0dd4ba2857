/// The modes that the PeerAuthentications give to one workload.
struct PeerModes: Sendable {
    private let workloadMode: StatedPeerMode?
    private let portModes: [Int: StatedPeerMode]

    /// The narrower level wins where it states a mode: mesh, namespace, workload. At one level the oldest resource counts.
    /// A selector in the root namespace reaches nothing.
    init(_ resources: [PeerAuthentication], mesh: MeshSettings, workload: Workload) {
        func oldest(_ isWanted: (PeerAuthentication) -> Bool) -> PeerAuthentication? {
            resources.filter(isWanted).min { $0.metadata.isOlder(than: $1.metadata) }
        }
        let isInRoot = workload.namespace == mesh.rootNamespace
        let forMesh = oldest { $0.metadata.namespace == mesh.rootNamespace && $0.labels == nil }
        let forNamespace = oldest {
            !isInRoot && $0.metadata.namespace == workload.namespace && $0.labels == nil
        }
        let forWorkload = oldest { resource in
            guard !isInRoot, resource.metadata.namespace == workload.namespace, let labels = resource.labels else {
                return false
            }
            return labels.allSatisfy { workload.labels[$0.key] == $0.value }
        }
        func stated(_ mode: MutualTLSMode?, _ resource: PeerAuthentication?) -> StatedPeerMode? {
            guard let mode, let resource else { return nil }
            return StatedPeerMode(mode: mode, resource: resource.metadata.fullName)
        }
        workloadMode = [forWorkload, forNamespace, forMesh].lazy.compactMap { stated($0?.mode, $0) }.first
        portModes = (forWorkload?.portModes ?? [:]).compactMapValues { stated($0, forWorkload) }
    }

    /// What a resource says of a port; nil where none says anything.
    func stated(port: Int) -> StatedPeerMode? {
        portModes[port] ?? workloadMode
    }

    func mode(port: Int) -> MutualTLSMode {
        stated(port: port)?.mode ?? .permissive
    }
}
