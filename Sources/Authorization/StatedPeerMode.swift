/// What a PeerAuthentication says of a port of the workload.
package struct StatedPeerMode: Sendable, Hashable {
    package let mode: MutualTLSMode
    /// Which resource says it, as `namespace/name`.
    package let resource: String
}
