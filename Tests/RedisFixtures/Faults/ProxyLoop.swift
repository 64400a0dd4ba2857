import Glibc
import Synchronization

/// The thread of a proxy: one poll over the listener, the orders and both ends of every connection.
struct ProxyLoop {
    private struct Pair {
        let client: Int32
        /// Absent while a partition hides the server.
        var server: Int32?
        var toServer = ProxyPipe()
        var toClient = ProxyPipe()
    }

    let listener: Int32
    let serverPort: Int
    let orders: ProxyOrders
    private var mode = FaultProxy.Mode.pass
    private var pairs: [Int32: Pair] = [:]
    private var isOver = false

    init(listener: Int32, serverPort: Int, orders: ProxyOrders) {
        self.listener = listener
        self.serverPort = serverPort
        self.orders = orders
    }

    mutating func run() {
        while !isOver {
            let ready = wait()
            orders.take { carryOut($0) }
            guard !isOver else { break }
            if ready.contains(listener) { acceptAll() }
            for client in Array(pairs.keys) { move(client, ready) }
            orders.counts.withLock { $0.openConnections = pairs.count }
        }
        close(listener)
    }

    private var requestsPass: Bool {
        switch mode {
        case .pass, .delay, .withholdReplies: true
        case .refuse, .blackhole: false
        }
    }

    private var repliesPass: Bool {
        switch mode {
        case .pass, .delay: true
        case .refuse, .blackhole, .withholdReplies: false
        }
    }

    private var delayMilliseconds: Int { if case .delay(let milliseconds) = mode { milliseconds } else { 0 } }

    private mutating func carryOut(_ order: FaultProxy.Order) {
        switch order {
        case .mode(let mode):
            self.mode = mode
            if mode == .refuse {
                acceptAll()
                resetAll()
            }
        case .cut:
            acceptAll()
            resetAll()
        case .end:
            resetAll()
            isOver = true
        }
        orders.counts.withLock { $0.openConnections = pairs.count }
    }

    /// Waits until a descriptor is ready, bytes are due or an order came.
    private func wait() -> Set<Int32> {
        var polled = [
            pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            pollfd(fd: orders.bell, events: Int16(POLLIN), revents: 0),
        ]
        var due: ContinuousClock.Instant?
        func add(_ pipe: ProxyPipe, from: Int32, to: Int32?, _ passes: Bool) {
            // What may not pass stays in the socket, and its end unseen, as behind a broken line.
            guard passes else { return }
            if pipe.mayRead { polled.append(pollfd(fd: from, events: Int16(POLLIN), revents: 0)) }
            guard let moment = pipe.due, let to else { return }
            if moment <= .now {
                polled.append(pollfd(fd: to, events: Int16(POLLOUT), revents: 0))
            } else {
                due = min(due ?? moment, moment)
            }
        }
        for pair in pairs.values {
            add(pair.toServer, from: pair.client, to: pair.server, requestsPass)
            if let server = pair.server { add(pair.toClient, from: server, to: pair.client, repliesPass) }
        }
        let milliseconds = due.map { Int32(max(ContinuousClock.now.duration(to: $0), .zero) / .milliseconds(1)) + 1 }
        poll(&polled, nfds_t(polled.count), milliseconds ?? -1)
        return Set(polled.filter { $0.revents != 0 }.map(\.fd))
    }

    private mutating func acceptAll() {
        while let client = LocalSocket.accepted(from: listener, nonBlocking: true) {
            orders.counts.withLock { $0.connections += 1 }
            guard mode != .refuse else {
                LocalSocket.reset(client)
                continue
            }
            pairs[client] = Pair(client: client)
        }
    }

    private mutating func move(_ client: Int32, _ ready: Set<Int32>) {
        guard var pair = pairs[client] else { return }
        if pair.server == nil {
            guard requestsPass else { return }
            guard let server = try? LocalSocket.connected(to: serverPort, nonBlocking: true) else {
                reset(client)
                return
            }
            pair.server = server
        }
        guard let server = pair.server else { return }
        var isWhole = true
        if requestsPass {
            if ready.contains(client), pair.toServer.mayRead {
                let count = pair.toServer.read(from: client, delayMilliseconds: delayMilliseconds)
                orders.counts.withLock { $0.bytesToServer += count }
            }
            isWhole = pair.toServer.write(to: server)
        }
        if repliesPass {
            if ready.contains(server), pair.toClient.mayRead {
                let count = pair.toClient.read(from: server, delayMilliseconds: delayMilliseconds)
                orders.counts.withLock { $0.bytesToClient += count }
            }
            isWhole = pair.toClient.write(to: client) && isWhole
        }
        pairs[client] = pair
        if !isWhole {
            reset(client)
        } else if pair.toServer.isDone, pair.toClient.isDone {
            pairs[client] = nil
            close(client)
            close(server)
        }
    }

    private mutating func resetAll() { for client in Array(pairs.keys) { reset(client) } }

    private mutating func reset(_ client: Int32) {
        guard let pair = pairs.removeValue(forKey: client) else { return }
        LocalSocket.reset(client)
        if let server = pair.server { LocalSocket.reset(server) }
    }
}
