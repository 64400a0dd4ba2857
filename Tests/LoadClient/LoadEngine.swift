import NIOCore
import NIOPosix

/// The client as its event loop sees it.
///
/// Safe to mark as sendable without checks: every member is touched on that loop alone.
final class LoadEngine: @unchecked Sendable {
    private let loop: any EventLoop
    private let connectionsPerTarget: Int
    private var plan: OpenLoopClient.Plan?
    private var beganNanoseconds: Int64 = 0
    private var sent = 0
    private var turn: [Int] = []
    private var ticker: RepeatedTask?
    private var targets: [Int: Target] = [:]
    private var reports: [Int: LoadReport] = [:]
    private var isEnded = false

    private struct Target {
        var connections: [LoadConnection] = []
        var opening = 0
        var next = 0
    }

    init(loop: any EventLoop, connectionsPerTarget: Int) {
        self.loop = loop
        self.connectionsPerTarget = connectionsPerTarget
    }

    var inFlight: Int { targets.values.reduce(0) { $0 + $1.connections.reduce(0) { $0 + $1.inFlight } } }

    func isReady(_ ports: [Int]) -> Bool { ports.allSatisfy { targets[$0]?.connections.count == connectionsPerTarget } }

    func open(_ ports: [Int]) {
        for port in ports { fill(port) }
    }

    func follow(_ plan: OpenLoopClient.Plan?) {
        self.plan = plan
        guard let plan, plan.rate > 0, !plan.requests.isEmpty else {
            self.plan = nil
            return
        }
        // The parts are mixed, not sent in blocks: 70/20/10 is seven, two and one of each ten.
        let total = plan.shares.reduce(0) { $0 + $1.weight }
        var credit = plan.shares.map { _ in 0 }
        turn = (0..<total).map { _ in
            for index in credit.indices { credit[index] += plan.shares[index].weight }
            let best = credit.indices.max { credit[$0] < credit[$1] } ?? 0
            credit[best] -= total
            return plan.shares[best].port
        }
        open(plan.shares.map(\.port))
        beganNanoseconds = now()
        sent = 0
        guard ticker == nil else { return }
        ticker = loop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(1)) { [self] _ in tick() }
    }

    func take() -> [Int: LoadReport] {
        defer { reports = [:] }
        return reports
    }

    func end() {
        isEnded = true
        ticker?.cancel()
        for target in targets.values { for connection in target.connections { connection.close() } }
    }

    private func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    private func tick() {
        guard let plan, !isEnded else { return }
        let now = now()
        let due = Int((now - beganNanoseconds) / 1_000 * Int64(plan.rate) / 1_000_000)
        while sent < due {
            let port = turn[sent % turn.count]
            let dueAt = beganNanoseconds + Int64(sent) * 1_000_000_000 / Int64(plan.rate)
            send(plan.requests[sent % plan.requests.count], to: port, dueAt: dueAt, now: now)
            sent += 1
        }
        for target in targets.values { for connection in target.connections { connection.flush() } }
    }

    private func send(_ request: [UInt8], to port: Int, dueAt: Int64, now: Int64) {
        reports[port, default: LoadReport()].due += 1
        guard let count = targets[port]?.connections.count, count > 0 else {
            reports[port, default: LoadReport()].unsent += 1
            return fill(port)
        }
        let next = (targets[port]?.next ?? 0) % count
        targets[port]?.next = next + 1
        targets[port]?.connections[next].send(request, dueAt: dueAt)
        let first = reports[port]?.firstSentNanoseconds ?? .max
        reports[port]?.firstSentNanoseconds = min(first, now)
    }

    private func fill(_ port: Int) {
        guard !isEnded else { return }
        let have = (targets[port]?.connections.count ?? 0) + (targets[port]?.opening ?? 0)
        for _ in have..<max(have, connectionsPerTarget) { connect(port) }
    }

    private func connect(_ port: Int) {
        targets[port, default: Target()].opening += 1
        let connection = LoadConnection(engine: self, port: port)
        ClientBootstrap(group: loop).connectTimeout(.seconds(1))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { [self] result in
                targets[port]?.opening -= 1
                switch result {
                case .success: opened(connection, port)
                case .failure: again(port)
                }
            }
    }

    private func opened(_ connection: LoadConnection, _ port: Int) {
        guard !isEnded, connection.isOpen else { return connection.close() }
        targets[port]?.connections.append(connection)
    }

    private func again(_ port: Int) {
        guard !isEnded else { return }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(50)) { [self] in fill(port) }
    }

    // MARK: what connections tell

    func answered(_ port: Int, status: Int, isDegraded: Bool, dueAt: Int64) {
        let now = now()
        reports[port, default: LoadReport()].note(status, isDegraded, dueAt: dueAt, now: now)
    }

    func ended(_ connection: LoadConnection, port: Int, lost: Int) {
        reports[port, default: LoadReport()].lost += lost
        targets[port]?.connections.removeAll { $0 === connection }
        again(port)
    }
}

extension LoadReport {
    fileprivate mutating func note(_ status: Int, _ isDegraded: Bool, dueAt: Int64, now: Int64) {
        statuses[status, default: 0] += 1
        if isDegraded { degraded += 1 }
        latencies.add(microseconds: Int((now - dueAt) / 1_000))
        lastAnsweredNanoseconds = max(lastAnsweredNanoseconds, now)
    }
}
