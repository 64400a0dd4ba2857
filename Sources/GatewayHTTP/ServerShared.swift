import NIOCore

/// What the connections of one event loop share.
///
/// Safe to mark as sendable without checks: every mutable member is touched on that event loop alone.
final class ServerShared<Handler: HTTPHandler>: @unchecked Sendable {
    let eventLoop: any EventLoop
    let executor: EventLoopTaskExecutor
    let flusher: TurnEndFlusher
    let handler: Handler
    let routes: RouteTable
    let limits: HTTPLimits
    /// Nil for a listener without certificates.
    let tls: ListenerTLS?
    let gauges: ServerGauges
    let notify: @Sendable (ServerNotice) -> Void
    /// Bytes of later requests that wait behind the one being handled before reading stops.
    let pipelinedBytesMax = 64 * 1024
    private(set) var isDraining = false
    /// Whether clients are sent elsewhere: each answer ends its connection, and who comes anew is served all the same.
    var sendsClientsAway = false
    private var connections: [ObjectIdentifier: any SweptConnection] = [:]
    private var sweep: RepeatedTask?

    init(
        eventLoop: any EventLoop, handler: Handler, routes: RouteTable, limits: HTTPLimits, tls: ListenerTLS? = nil,
        gauges: ServerGauges, notify: @escaping @Sendable (ServerNotice) -> Void
    ) {
        self.eventLoop = eventLoop
        executor = EventLoopTaskExecutor(eventLoop)
        flusher = TurnEndFlusher(eventLoop)
        self.handler = handler
        self.routes = routes
        self.limits = limits
        self.tls = tls
        self.gauges = gauges
        self.notify = notify
    }

    func now() -> Int64 { Int64(bitPattern: NIODeadline.now().uptimeNanoseconds) }

    // MARK: connections

    func opened(_ connection: any SweptConnection) {
        eventLoop.assertInEventLoop()
        connections[ObjectIdentifier(connection)] = connection
        startSweep()
        if isDraining { connection.drain() }
    }

    func closed(_ connection: any SweptConnection) {
        handedOver(connection)
        gauges.connectionClosed(by: connection.peer)
    }

    /// Another part goes on with the connection, which stays open.
    func handedOver(_ connection: any SweptConnection) {
        eventLoop.assertInEventLoop()
        connections[ObjectIdentifier(connection)] = nil
        if connections.isEmpty { stopSweep() }
    }

    func began() { gauges.requestBegan() }

    func ended() { gauges.requestEnded() }

    func refused(_ reason: HTTPRefusal.Reason) { gauges.refused(reason) }

    // MARK: time

    /// One coarse sweep over all connections costs less than a timer for each request.
    private func startSweep() {
        guard sweep == nil else { return }
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: sweepInterval, delay: sweepInterval) { [unowned self] _ in
            let now = now()
            for connection in Array(connections.values) where connection.deadlineNanoseconds <= now {
                connection.deadlinePassed()
            }
        }
    }

    private func stopSweep() {
        sweep?.cancel()
        sweep = nil
    }

    private var sweepInterval: TimeAmount {
        let shortest = min(
            limits.headerTimeoutMilliseconds, limits.requestTimeoutMilliseconds, limits.idleTimeoutMilliseconds,
            limits.writeTimeoutMilliseconds, tls?.handshakeTimeoutMilliseconds ?? .max)
        return .milliseconds(max(5, min(250, shortest / 4)))
    }

    // MARK: the end

    /// Whether an answer is the last one of its connection.
    var isLeaving: Bool { isDraining || sendsClientsAway }

    /// Begins or ends to send clients elsewhere: idle connections end now, busy ones behind their answer.
    func sendClientsAway(_ isAsked: Bool) {
        eventLoop.assertInEventLoop()
        guard sendsClientsAway != isAsked else { return }
        sendsClientsAway = isAsked
        guard isAsked else { return }
        for connection in Array(connections.values) { connection.drain() }
    }

    func drain() {
        eventLoop.assertInEventLoop()
        isDraining = true
        for connection in Array(connections.values) { connection.drain() }
    }

    func forceClose() {
        eventLoop.assertInEventLoop()
        for connection in Array(connections.values) { connection.forceClose() }
    }
}
