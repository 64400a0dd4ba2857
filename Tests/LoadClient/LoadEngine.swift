import NIOCore
import NIOPosix

/// The client on its event loop: what is due is sent, whatever the answers do.
final class LoadEngine: LoadConnection.Owner {
    private let loop: any EventLoop
    private let plan: LoadPlan
    private let bodies: [ByteBuffer]
    private var targets: [LoadTarget] = []
    private var connections: [[LoadConnection]] = []
    private var nextConnection: [Int] = []
    private var targetChoice: WeightedChoice
    private var requestChoice: WeightedChoice
    private var report: LoadReport
    private var startNanoseconds: Int64?
    private var lastAnswerNanoseconds: Int64 = 0
    private var sentCount = 0
    private var openCount = 0
    private var isStopping = false

    init(_ plan: LoadPlan, on loop: any EventLoop) {
        self.plan = plan
        self.loop = loop
        bodies = plan.requests.map { ByteBuffer(bytes: $0.bytes) }
        targetChoice = WeightedChoice(plan.targets.map(\.weight), seed: plan.seed)
        requestChoice = WeightedChoice(plan.requests.map(\.weight), seed: ~plan.seed)
        report = LoadReport(phases: [], nanoseconds: 0)
    }

    // MARK: orders

    /// Adds a target; done when its connections stand, or have failed.
    func add(_ target: LoadTarget) -> EventLoopFuture<Void> {
        let place = targets.count
        targets.append(target)
        connections.append([])
        nextConnection.append(0)
        for index in report.phases.indices { report.phases[index].counts.append(blankCounts) }
        targetChoice.set(targets.map(\.weight))
        return EventLoopFuture.andAllComplete(
            (0..<plan.connectionsPerTarget).map { _ in connect(place) }, on: loop)
    }

    func set(weights: [Int]) {
        for (place, weight) in weights.enumerated() { targets[place].weight = weight }
        targetChoice.set(targets.map(\.weight))
    }

    func begin(phase: String) {
        report.phases.append(LoadTally(phase: phase, counts: targets.map { _ in blankCounts }))
    }

    func start() {
        startNanoseconds = LoadClient.now()
        tick()
    }

    /// Sends no more.
    func stop() { isStopping = true }

    var isAnswered: Bool { openCount == 0 }

    /// What stands at the end; requests that are still open are counted as never answered.
    func finish() -> LoadReport {
        isStopping = true
        for connection in connections.joined() {
            for request in connection.open {
                report.phases[request.phase].counts[connection.target][request.request].unanswered += 1
            }
        }
        let all = connections.joined()
        connections = targets.map { _ in [] }
        for connection in all { connection.close() }
        report.nanoseconds = lastAnswerNanoseconds - (startNanoseconds ?? lastAnswerNanoseconds)
        return report
    }

    // MARK: sending

    private func tick() {
        guard !isStopping, let start = startNanoseconds else { return }
        let now = LoadClient.now()
        let dueCount = Int((now - start) * Int64(plan.requestsPerSecond) / 1_000_000_000)
        while sentCount < dueCount {
            sendNext(due: start + Int64(sentCount) * 1_000_000_000 / Int64(plan.requestsPerSecond), now: now)
            sentCount += 1
        }
        for connection in connections.joined() { connection.flush() }
        loop.assumeIsolated().scheduleTask(in: .microseconds(500)) { self.tick() }
    }

    private func sendNext(due: Int64, now: Int64) {
        let place = targetChoice.next()
        let request = requestChoice.next()
        let phase = report.phases.count - 1
        report.phases[phase].counts[place][request].sent += 1
        report.phases[phase].counts[place][request].lag.add(microseconds: Int((now - due) / 1_000))
        guard openCount < plan.openRequestsMax, let connection = connection(to: place) else {
            report.phases[phase].counts[place][request].connectionFailures += 1
            return
        }
        openCount += 1
        connection.send(
            plan.requests[request].make.map { ByteBuffer(bytes: $0()) } ?? bodies[request],
            LoadConnection.OpenRequest(request: request, phase: phase, dueNanoseconds: due, sentNanoseconds: now))
    }

    /// The next one in turn that has nothing to do, or the one with the least.
    private func connection(to place: Int) -> LoadConnection? {
        let all = connections[place]
        guard !all.isEmpty else { return nil }
        let start = nextConnection[place] % all.count
        nextConnection[place] = start + 1
        var best = all[start]
        for step in 1...all.count where !best.open.isEmpty {
            let other = all[(start + step) % all.count]
            if other.open.count < best.open.count { best = other }
        }
        return best
    }

    // MARK: connections

    private func connect(_ place: Int) -> EventLoopFuture<Void> {
        let target = targets[place]
        let engine = NIOLoopBound(self, eventLoop: loop)
        return ClientBootstrap(group: loop)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(1))
            .channelInitializer { [loop] channel in
                loop.makeCompletedFuture {
                    let connection = LoadConnection(target: place, owner: engine.value)
                    try channel.pipeline.syncOperations.addHandler(connection)
                }
            }
            .connect(host: target.host, port: target.port)
            .assumeIsolated()
            .flatMapThrowing { channel in
                let connection = try channel.pipeline.syncOperations.handler(type: LoadConnection.self)
                self.connections[place].append(connection)
            }
            .flatMapErrorThrowing { error in
                self.connectLater(place)
                throw error
            }
            .nonisolated()
    }

    private func connectLater(_ place: Int) {
        guard !isStopping else { return }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(100)) { _ = self.connect(place) }
    }

    func connection(_ connection: LoadConnection, answered request: LoadConnection.OpenRequest, by frame: HTTPFrame) {
        let now = LoadClient.now()
        openCount -= 1
        lastAnswerNanoseconds = now
        if frame.isDegraded {
            report.lastDegradedNanoseconds = max(report.lastDegradedNanoseconds ?? 0, request.sentNanoseconds)
        }
        let isLate = now - request.sentNanoseconds > Int64(plan.lateAfterMilliseconds) * 1_000_000
        let latency = Int((now - request.dueNanoseconds) / 1_000)
        Self.note(
            &report.phases[request.phase].counts[connection.target][request.request], frame, isLate: isLate,
            latencyMicroseconds: latency)
    }

    private static func note(
        _ counts: inout LoadTally.Counts, _ frame: HTTPFrame, isLate: Bool, latencyMicroseconds: Int
    ) {
        counts.statuses[frame.status, default: 0] += 1
        if frame.isDegraded {
            counts.degraded += 1
            if (200...299).contains(frame.status) { counts.degradedAdmitted += 1 }
        }
        if isLate { counts.late += 1 }
        counts.latency.add(microseconds: latencyMicroseconds)
    }

    func connectionClosed(_ connection: LoadConnection) {
        guard let index = connections[connection.target].firstIndex(where: { $0 === connection }) else { return }
        connections[connection.target].remove(at: index)
        openCount -= connection.open.count
        for request in connection.open {
            report.phases[request.phase].counts[connection.target][request.request].connectionFailures += 1
        }
        connectLater(connection.target)
    }

    private var blankCounts: [LoadTally.Counts] { plan.requests.map { _ in LoadTally.Counts() } }
}
