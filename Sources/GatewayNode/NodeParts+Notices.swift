import GatewayHTTP
import Logging

extension NodeParts {
    /// Logs what the listener has to say.
    func report(_ notice: ServerNotice) {
        switch notice {
        case .acceptFailed(let count, let reason):
            logger.error(
                "connections cannot be accepted: raise the limit of open files, or lower listen.connectionsMax",
                metadata: ["failures": "\(count)", "reason": "\(reason)"])
        case .listenerEnded:
            logger.critical("the listener of the data plane has ended: the node must be started anew")
        }
    }
}
