/// What a listener asks of a connection.
package enum MutualTLSMode: String, Sendable, Hashable, CaseIterable {
    /// Plaintext alone.
    case disable = "DISABLE"
    /// Mutual TLS and plaintext.
    case permissive = "PERMISSIVE"
    /// Mutual TLS alone.
    case strict = "STRICT"
}

/// A PeerAuthentication as it was read.
package struct PeerAuthentication: Sendable, Hashable {
    package let metadata: ResourceMetadata
    /// The labels of the workloads it is for; nil means every workload of the namespace.
    package let labels: [String: String]?
    /// nil means what the next wider level says.
    package let mode: MutualTLSMode?
    /// The modes of single ports; a value of nil means the mode above.
    package let portModes: [Int: MutualTLSMode?]
}
