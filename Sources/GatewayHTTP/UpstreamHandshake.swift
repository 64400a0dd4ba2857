import NIOCore
import NIOTLS

/// Waits for the handshake of a connection to a worker, and tells once what came of it.
///
/// Safe to mark as sendable without checks: touched on the pool's event loop alone.
final class UpstreamHandshake: ChannelInboundHandler, RemovableChannelHandler, @unchecked Sendable {
    typealias InboundIn = ByteBuffer

    private var finish: ((Bool) -> Void)?
    private let timeLimit: TimeAmount
    private var timer: Scheduled<Void>?

    /// - Parameter finish: told whether the connection may carry calls.
    init(withinMilliseconds: Int64, finish: @escaping (Bool) -> Void) {
        timeLimit = .milliseconds(withinMilliseconds)
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
        end(true)
        // Every later read would go through here for nothing.
        if context.channel.isActive { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
    }

    private func end(_ isAdmitted: Bool) {
        timer?.cancel()
        timer = nil
        guard let finish else { return }
        self.finish = nil
        finish(isAdmitted)
    }
}
