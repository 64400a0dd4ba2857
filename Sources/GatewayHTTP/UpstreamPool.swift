import Glibc
package import NIOCore
import NIOPosix

/// The connections of one event loop to workers; a call never leaves the loop.
///
/// Safe to mark as sendable without checks: every member is touched on that event loop alone, which the entrance asserts.
package final class UpstreamPool: @unchecked Sendable {
    private let eventLoop: any EventLoop
    private let limits: UpstreamLimits
    private let admits: @Sendable (_ packedAddress: [UInt8]) -> Bool
    private let tls: UpstreamTLS
    private let unixSeconds: @Sendable () -> Int64
    let flusher: TurnEndFlusher
    private var addresses: [UpstreamEndpoint: UpstreamAddress] = [:]
    /// Those that carry a call, in no order; each knows its place, so that none is looked for.
    private var busy: [UpstreamConnection] = []
    /// Calls whose connection is being opened.
    private var connecting: [ObjectIdentifier: UpstreamCall] = [:]
    private var sweep: RepeatedTask?
    private var isShutDown = false

    /// - Parameters:
    ///   - tls: for workers that show who they are.
    ///   - admits: whether an address that a name resolved to may be called, 4 or 16 bytes in network order.
    ///   - unixSeconds: the wall clock, by which certificates end.
    package init(
        eventLoop: any EventLoop, limits: UpstreamLimits = UpstreamLimits(), tls: UpstreamTLS = UpstreamTLS(),
        admits: @escaping @Sendable (_ packedAddress: [UInt8]) -> Bool = { _ in true },
        unixSeconds: @escaping @Sendable () -> Int64 = { Int64(time(nil)) }
    ) {
        self.eventLoop = eventLoop
        flusher = TurnEndFlusher(eventLoop)
        self.limits = limits
        self.tls = tls
        self.unixSeconds = unixSeconds
        self.admits = admits
    }

    /// Connections open or being opened, and calls that wait; to be asked on the event loop.
    package var counts: (connections: Int, idle: Int, waiting: Int) {
        eventLoop.assertInEventLoop()
        return addresses.values.reduce(into: (0, 0, 0)) { sum, address in
            sum.0 += address.connectionCount
            sum.1 += address.idle.count
            sum.2 += address.waiters.count
        }
    }

    /// How many addresses have something open or waiting; to be asked on the event loop.
    var addressCount: Int { addresses.count }

    /// Whether a call reads a body that ends with its connection; to be asked on the event loop.
    var isReadingUntilClose: Bool { busy.contains(where: \.isReadingUntilClose) }

    /// Posts a body and waits for the whole answer.
    ///
    /// - Parameters:
    ///   - headerLines: complete header lines beside those of HTTP itself.
    ///   - deadlineNanoseconds: on the clock of `NIODeadline`.
    package func call(
        _ endpoint: UpstreamEndpoint, body: [UInt8], headerLines: [UInt8], deadlineNanoseconds: Int64
    ) async throws(UpstreamFailure) -> UpstreamAnswer {
        eventLoop.assertInEventLoop()
        let call = UpstreamCall(deadlineNanoseconds: deadlineNanoseconds)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                call.wait(continuation)
                start(call, endpoint, body, headerLines)
            }
        } onCancel: {
            eventLoop.execute { call.cancel() }
        }
        return try result.get()
    }

    /// Closes every connection; calls under way fail.
    package func shutDown() {
        eventLoop.assertInEventLoop()
        isShutDown = true
        sweep?.cancel()
        sweep = nil
        // Those who wait go first: a connection that ends would serve them.
        for address in Array(addresses.values) {
            for waiter in address.waiters { waiter.call.finish(.failure(.connectFailed)) }
            address.waiters = []
        }
        for call in connecting.values { call.finish(.failure(.connectFailed)) }
        for connection in busy { connection.close() }
        for address in Array(addresses.values) {
            for connection in address.idle { connection.close() }
        }
    }

    // MARK: starting a call

    private func start(_ call: UpstreamCall, _ endpoint: UpstreamEndpoint, _ body: [UInt8], _ headerLines: [UInt8]) {
        guard !isShutDown else { return call.finish(.failure(.connectFailed)) }
        // A caller that is gone already costs the worker nothing.
        guard !Task.isCancelled else { return call.finish(.failure(.cancelled)) }
        let address = address(of: endpoint)
        let request = serialise(address, body, headerLines)
        while let connection = address.idle.popLast() {
            guard connection.isIdle else { continue }
            guard now() < connection.usableUntilNanoseconds else {
                connection.close()
                continue
            }
            return send(call, request, over: connection)
        }
        guard address.connectionCount < limits.connectionsPerAddressMax else {
            guard address.waiters.count < limits.waitersPerAddressMax else { return call.finish(.failure(.overloaded)) }
            address.waiters.append(.init(call: call, request: request))
            return startSweep()
        }
        connect(address, for: .init(call: call, request: request))
    }

    private func address(of endpoint: UpstreamEndpoint) -> UpstreamAddress {
        if let known = addresses[endpoint] { return known }
        let fresh = UpstreamAddress(endpoint: endpoint, pool: self)
        addresses[endpoint] = fresh
        return fresh
    }

    /// The whole request in one buffer, written anew: nothing of the caller's head goes on (pitfall S16).
    private func serialise(_ address: UpstreamAddress, _ body: [UInt8], _ headerLines: [UInt8]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(
            capacity: address.headPrefix.count + headerLines.count + body.count + 32)
        buffer.writeBytes(address.headPrefix)
        buffer.writeDecimal(body.count)
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(headerLines)
        buffer.writeStaticString("\r\n")
        buffer.writeBytes(body)
        return buffer
    }

    private func send(_ call: UpstreamCall, _ request: ByteBuffer, over connection: UpstreamConnection) {
        connection.idleUntilNanoseconds = .max
        if connection.busyIndex == nil {
            connection.busyIndex = busy.count
            busy.append(connection)
        }
        startSweep()
        connection.send(call, request)
    }

    private func connect(_ address: UpstreamAddress, for waiter: UpstreamAddress.Waiter) {
        address.connectionCount += 1
        connecting[ObjectIdentifier(waiter.call)] = waiter.call
        startSweep()
        let limits = limits
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(.milliseconds(limits.connectTimeoutMilliseconds))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(
                .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 4096, maximum: 65_536))
        let host = address.endpoint.host
        let port = address.endpoint.port
        let future =
            if let literal = try? SocketAddress(ipAddress: host, port: port) {
                bootstrap.connect(to: literal)
            } else {
                bootstrap.connect(host: host, port: port)
            }
        future.hop(to: eventLoop).whenComplete { [self] result in
            switch result {
            case .success(let channel): connected(channel, address, waiter)
            case .failure: connectFailed(address, waiter)
            }
        }
    }

    private func connected(_ channel: any Channel, _ address: UpstreamAddress, _ waiter: UpstreamAddress.Waiter) {
        // A name may resolve to what its registration could not have named.
        let packed = channel.remoteAddress?.packedAddress ?? []
        guard channel.isActive, admits(packed), !isShutDown else { return drop(channel, address, waiter) }
        guard address.endpoint.security != .none else {
            return use(channel, address, waiter, certificateEndSeconds: .max)
        }
        shakeHands(channel, address, waiter)
    }

    private func shakeHands(_ channel: any Channel, _ address: UpstreamAddress, _ waiter: UpstreamAddress.Waiter) {
        guard let ours = tls.handshake(address.endpoint.security, host: address.endpoint.host) else {
            return drop(channel, address, waiter)
        }
        let handshake = UpstreamHandshake(
            withinMilliseconds: limits.connectTimeoutMilliseconds,
            finish: { [self] isDone in
                if !isDone { tls.handshakeFailed(address.endpoint, ours.check?.refused) }
                guard isDone, channel.isActive, !isShutDown else { return drop(channel, address, waiter) }
                use(channel, address, waiter, certificateEndSeconds: ours.endSeconds)
            })
        do {
            try channel.pipeline.syncOperations.addHandlers([ours.handler, handshake])
        } catch {
            drop(channel, address, waiter)
        }
    }

    private func use(
        _ channel: any Channel, _ address: UpstreamAddress, _ waiter: UpstreamAddress.Waiter,
        certificateEndSeconds: Int64
    ) {
        connecting[ObjectIdentifier(waiter.call)] = nil
        let connection = UpstreamConnection(
            address: address, limits: limits, usableUntilNanoseconds: end(certificateEndSeconds))
        do {
            try channel.pipeline.syncOperations.addHandler(connection)
        } catch {
            return drop(channel, address, waiter)
        }
        guard !waiter.call.isOver else { return release(connection) }
        send(waiter.call, waiter.request, over: connection)
    }

    /// When a connection made now carries no further call, on the monotonic clock: a little before its certificates end, so that no
    /// call is on its way then.
    private func end(_ certificateEndSeconds: Int64) -> Int64 {
        let now = now()
        let oldest = now + limits.connectionAgeMaxMilliseconds * 1_000_000
        guard certificateEndSeconds < .max else { return oldest }
        let seconds = certificateEndSeconds - unixSeconds() - Self.endMarginSeconds
        return min(oldest, now + min(max(seconds, 0), Int64(Int32.max)) * 1_000_000_000)
    }

    private static let endMarginSeconds: Int64 = 1

    private func drop(_ channel: any Channel, _ address: UpstreamAddress, _ waiter: UpstreamAddress.Waiter) {
        channel.close(promise: nil)
        connectFailed(address, waiter)
    }

    private func connectFailed(_ address: UpstreamAddress, _ waiter: UpstreamAddress.Waiter) {
        connecting[ObjectIdentifier(waiter.call)] = nil
        address.connectionCount -= 1
        waiter.call.finish(.failure(.connectFailed))
        // Who waited for a place may try a connection of their own, and learn what became of it. Not from here: where connecting
        // fails at once, each of a thousand would fail inside the failure of the one before.
        eventLoop.execute { [self] in
            serveWaiters(address)
            forgetIfUnused(address)
        }
    }

    // MARK: ends of calls and connections

    /// A connection is free again.
    func release(_ connection: UpstreamConnection) {
        // Who waits for a place is given one of their own.
        let now = now()
        guard now < connection.usableUntilNanoseconds else { return connection.close() }
        let address = connection.address
        while let waiter = address.waiters.first {
            address.waiters.removeFirst()
            guard !waiter.call.isOver else { continue }
            return send(waiter.call, waiter.request, over: connection)
        }
        noLongerBusy(connection)
        connection.idleUntilNanoseconds = now + limits.idleTimeoutMilliseconds * 1_000_000
        address.idle.append(connection)
    }

    private func noLongerBusy(_ connection: UpstreamConnection) {
        guard let index = connection.busyIndex else { return }
        connection.busyIndex = nil
        guard let last = busy.popLast(), last !== connection else { return }
        busy[index] = last
        last.busyIndex = index
    }

    /// A connection has ended.
    func removed(_ connection: UpstreamConnection) {
        let address = connection.address
        noLongerBusy(connection)
        address.idle.removeAll { $0 === connection }
        address.connectionCount -= 1
        serveWaiters(address)
        forgetIfUnused(address)
    }

    private func forgetIfUnused(_ address: UpstreamAddress) {
        guard address.connectionCount == 0, address.waiters.isEmpty, addresses[address.endpoint] === address else {
            return
        }
        addresses[address.endpoint] = nil
    }

    private func serveWaiters(_ address: UpstreamAddress) {
        while address.connectionCount < limits.connectionsPerAddressMax, let waiter = address.waiters.first {
            address.waiters.removeFirst()
            if !waiter.call.isOver { connect(address, for: waiter) }
        }
    }

    // MARK: time

    private func now() -> Int64 { Int64(bitPattern: NIODeadline.now().uptimeNanoseconds) }

    /// One coarse sweep costs less than a timer for each call; a deadline is kept to within 10 ms.
    private func startSweep() {
        guard sweep == nil, !isShutDown else { return }
        sweep = eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(10), delay: .milliseconds(10)) {
            [self] _ in
            // Keeps the pool, which ends it itself once nothing is open or waiting.
            sweepOnce()
        }
    }

    private func sweepOnce() {
        let now = now()
        for connection in busy {
            guard let call = connection.call, call.deadlineNanoseconds <= now else { continue }
            call.end(.timedOut)
        }
        for call in connecting.values where call.deadlineNanoseconds <= now { call.finish(.failure(.timedOut)) }
        for address in Array(addresses.values) {
            for waiter in address.waiters where waiter.call.deadlineNanoseconds <= now {
                waiter.call.finish(.failure(.timedOut))
            }
            address.waiters.removeAll { $0.call.isOver }
            // The oldest stand first.
            while let oldest = address.idle.first, oldest.idleUntilNanoseconds <= now {
                address.idle.removeFirst()
                oldest.close()
            }
        }
        if addresses.isEmpty {
            sweep?.cancel()
            sweep = nil
        }
    }
}
