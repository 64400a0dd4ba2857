import NIOCore
import NIOSSL
import NIOTLS

/// Waits for the handshake of a connection to a worker, and tells once what came of it.
///
/// Safe to mark as sendable without checks: touched on the pool's event loop alone.
final class UpstreamHandshake: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private let admits: (NIOSSLCertificate?) -> Bool
    private var finish: ((Bool) -> Void)?
    private let ssl: NIOSSLClientHandler
    private let timeLimit: TimeAmount
    private var timer: Scheduled<Void>?

    /// - Parameters:
    ///   - admits: decides about the leaf once its chain was verified.
    ///   - finish: told whether the connection may carry calls.
    init(
        _ ssl: NIOSSLClientHandler, withinMilliseconds: Int64, admits: @escaping (NIOSSLCertificate?) -> Bool,
        finish: @escaping (Bool) -> Void
    ) {
        self.ssl = ssl
        timeLimit = .milliseconds(withinMilliseconds)
        self.admits = admits
        self.finish = finish
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: timeLimit) { self.end(false) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { end(false) }

    func channelInactive(context: ChannelHandlerContext) {
        end(false)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(false)
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .handshakeCompleted? = event as? TLSUserEvent else {
            return context.fireUserInboundEventTriggered(event)
        }
        end(admits(ssl.peerCertificate))
    }

    private func end(_ isAdmitted: Bool) {
        timer?.cancel()
        timer = nil
        guard let finish else { return }
        self.finish = nil
        finish(isAdmitted)
    }
}
