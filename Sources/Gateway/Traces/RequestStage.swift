/// The stages that a request passes, as its span tells them.
package enum RequestStage: String, Sendable, CaseIterable {
    case peerIdentity = "peer_identity"
    case authentication
    case seal
    case envelope
    case authorization
    case policy
    case admission
    case route
    case workerCall = "worker_call"
}
