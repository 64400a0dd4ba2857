import NIOCore

extension AcceptTrouble {
    /// The handler that pauses a listener for which the system has no connection.
    ///
    /// NIO has one of its own behind this one: it pauses a whole second, also for what one caller alone has done, and says nothing
    /// of it. It never sees the errors that this one takes.
    static func handler(
        counting gauges: ServerGauges, notify: @escaping @Sendable (ServerNotice) -> Void
    ) -> AcceptBackoffHandler {
        var trouble = AcceptTrouble()
        return AcceptBackoffHandler(shouldForwardIOErrorCaught: false) { error in
            guard isShortage(error.errnoCode) else { return nil }
            gauges.acceptFailed()
            let now = Int64(bitPattern: NIODeadline.now().uptimeNanoseconds)
            if let count = trouble.failed(nowNanoseconds: now) {
                notify(.acceptFailed(count: count, reason: error.description))
            }
            return .milliseconds(pauseMilliseconds)
        }
    }
}
