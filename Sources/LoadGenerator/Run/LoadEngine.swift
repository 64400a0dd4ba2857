import GatewayHTTP
import IntentusClient
import Machine
import NIOCore

/// One thread of a run: what is due is sent, whatever the answers do.
///
/// Touched on its event loop alone.
final class LoadEngine {
    /// A request that was due and waits for a connection.
    private struct Waiting {
        let request: Int
        let number: Int
        let dueNanoseconds: Int64
        let isCounted: Bool
    }

    private struct TargetState {
        var idle = CircularBuffer<LoadConnection>()
        var waiting = CircularBuffer<Waiting>()
        var all: [ObjectIdentifier: LoadConnection] = [:]
        /// Whether the last attempt to connect failed and none stands since.
        var isDown = false
    }

    /// The timer is never set nearer than this, so that it does not eat the thread.
    private static let tickNanoseconds: Int64 = 50_000
    private static let reconnectMilliseconds: Int64 = 100

    let loop: any EventLoop
    private let plan: LoadPlan
    private let mix: RequestMix
    private let thread: Int
    private let targetChoice: WeightedChoice
    private var generator: SplitMix64
    private var schedule: ScheduleShare
    private var nextDue: Int64?
    private var startNanoseconds: Int64 = .max
    private var targets: [TargetState]
    private(set) var tally: RunTally
    private var interval = IntervalTally()
    private var inFlight = 0
    private let inFlightMax: Int
    private var dueCount = 0
    private var isStopping = false
    private var isOver = false

    init(_ plan: LoadPlan, _ mix: RequestMix, thread: Int, on loop: any EventLoop) {
        self.plan = plan
        self.mix = mix
        self.thread = thread
        self.loop = loop
        inFlightMax = max(plan.inFlightMax / plan.threads, 1)
        targetChoice = WeightedChoice(plan.targets.map(\.weight))
        generator = SplitMix64(seed: plan.seed &+ UInt64(thread) &* 0x5851_F42D_4C95_7F2D)
        schedule = ScheduleShare(plan.schedule, thread: thread, of: plan.threads)
        targets = plan.targets.map { _ in TargetState() }
        tally = RunTally(entries: plan.entries.count, targets: plan.targets.count, callers: plan.callers.count)
    }

    private static func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    // MARK: orders

    func start(atNanoseconds start: Int64) {
        startNanoseconds = start
        nextDue = schedule.next()
        tick()
        sweepLater()
    }

    /// Nothing that is due from now on is sent.
    func stop() {
        isStopping = true
        nextDue = nil
    }

    /// Whether everything was sent that will be, and everything has ended.
    var isDone: Bool { nextDue == nil && inFlight == 0 && startNanoseconds != .max }

    /// What happened since this was last asked.
    func takeInterval() -> IntervalTally {
        var taken = interval
        taken.inFlight = inFlight
        interval = IntervalTally()
        return taken
    }

    /// Closes everything.
    func end() {
        isOver = true
        nextDue = nil
        for connection in targets.flatMap({ $0.all.values }) { connection.abandon() }
    }

    // MARK: sending

    private func tick() {
        sendDue()
        guard let nextDue, !isOver else { return }
        let wait = max(startNanoseconds + nextDue - Self.now(), Self.tickNanoseconds)
        loop.assumeIsolated().scheduleTask(in: .nanoseconds(min(wait, 10_000_000))) { self.tick() }
    }

    private func sendDue() {
        guard var due = nextDue else { return }
        var now = Self.now()
        let threads = plan.threads
        var sent = 0
        while startNanoseconds + due <= now {
            dispatch(due, number: dueCount * threads + thread, now: now)
            dueCount += 1
            sent += 1
            guard let next = schedule.next(), !isStopping else { return nextDue = nil }
            due = next
            nextDue = next
            // A long row of overdue requests would keep answers waiting, and their times would be ours.
            guard sent < 256 else { return }
            if sent & 15 == 0 { now = Self.now() }
        }
    }

    private func dispatch(_ due: Int64, number: Int, now: Int64) {
        let target = targetChoice.pick(&generator)
        let request = mix.choice.pick(&generator)
        let known = mix.requests[request]
        let isCounted = due >= plan.warmUpNanoseconds
        let dueNanoseconds = startNanoseconds + due
        if isCounted {
            tally.offer(entry: known.entry, target: target, caller: known.caller)
            tally.lateness.record(nanoseconds: now - dueNanoseconds)
        } else {
            tally.warmUpRequests += 1
        }
        interval.tally.offered += 1
        inFlight += 1
        let waiting = Waiting(request: request, number: number, dueNanoseconds: dueNanoseconds, isCounted: isCounted)
        guard inFlight <= inFlightMax else { return ended(waiting, at: target, .missed) }
        if targets[target].waiting.isEmpty, let connection = idleConnection(target) {
            send(waiting, connection, now: now)
        } else if targets[target].isDown {
            ended(waiting, at: target, .notConnected)
        } else {
            targets[target].waiting.append(waiting)
        }
    }

    private func idleConnection(_ target: Int) -> LoadConnection? {
        while let connection = targets[target].idle.popFirst() {
            if connection.isStanding { return connection }
        }
        return nil
    }

    private func send(_ waiting: Waiting, _ connection: LoadConnection, now: Int64) {
        if waiting.isCounted { tally.waiting.record(nanoseconds: max(now - waiting.dueNanoseconds, 0)) }
        let open = LoadConnection.OpenRequest(
            request: waiting.request, dueNanoseconds: waiting.dueNanoseconds, isCounted: waiting.isCounted)
        do {
            let count = try connection.send(open) { buffer in
                try mix.write(
                    waiting.request, target: connection.target, number: waiting.number,
                    unixMilliseconds: MachineClock.unixMilliseconds, to: &buffer)
            }
            tally.sentBytes += count
        } catch {
            // No key seals it: the request is lost, and the connection is not.
            ended(waiting, at: connection.target, .unopened)
            targets[connection.target].idle.append(connection)
        }
    }

    // MARK: what connections tell

    func received(_ bytes: Int) { tally.receivedBytes += bytes }

    /// Time has passed: what became due meanwhile need not wait for the timer.
    func readCompleted() { sendDue() }

    func free(_ connection: LoadConnection) {
        guard let waiting = targets[connection.target].waiting.popFirst() else {
            return targets[connection.target].idle.append(connection)
        }
        send(waiting, connection, now: Self.now())
    }

    func ended(_ request: LoadConnection.OpenRequest, at target: Int, _ outcome: Outcome) {
        ended(
            Waiting(
                request: request.request, number: 0, dueNanoseconds: request.dueNanoseconds,
                isCounted: request.isCounted), at: target, outcome)
    }

    func closed(_ connection: LoadConnection) {
        guard targets[connection.target].all.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        reconnect(connection.target)
    }

    private func ended(_ request: Waiting, at target: Int, _ outcome: Outcome) {
        inFlight -= 1
        let now = Self.now()
        let latency = now - request.dueNanoseconds
        interval.tally.end(outcome, latencyNanoseconds: latency)
        guard request.isCounted else { return }
        if case .answered = outcome { tally.lastAnswerNanoseconds = now - startNanoseconds }
        let known = mix.requests[request.request]
        tally.end(
            outcome, entry: known.entry, target: target, caller: known.caller, latencyNanoseconds: latency)
    }

    // MARK: time-outs

    private func sweepLater() {
        let milliseconds = max(plan.timeoutMilliseconds / 50, 10)
        loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(milliseconds))) { self.sweep() }
    }

    private func sweep() {
        guard !isOver else { return }
        let dueBefore = Self.now() - Int64(plan.timeoutMilliseconds) * 1_000_000
        for target in targets.indices {
            while let first = targets[target].waiting.first, first.dueNanoseconds <= dueBefore {
                targets[target].waiting.removeFirst()
                ended(first, at: target, .timedOut)
            }
            for connection in Array(targets[target].all.values) {
                guard let open = connection.open, open.dueNanoseconds <= dueBefore else { continue }
                ended(open, at: target, .timedOut)
                // Its answer may still come, and must not become that of another request.
                connection.abandon()
            }
        }
        sweepLater()
    }

    // MARK: connections

    /// Connects to every target.
    ///
    /// - Returns: for each target why no connection stands; nil where one does.
    func connectAll() -> EventLoopFuture<[String?]> {
        let share = max((plan.connections + plan.threads - 1 - thread) / plan.threads, 1)
        let attempts = plan.targets.indices.map { target in
            EventLoopFuture.whenAllComplete((0..<share).map { _ in connect(target) }, on: loop)
                .map { results -> String? in
                    let faults = results.compactMap { result -> String? in
                        if case .failure(let error) = result { "\(error)" } else { nil }
                    }
                    return faults.count == results.count ? faults.first : nil
                }
        }
        return EventLoopFuture.whenAllSucceed(attempts, on: loop)
    }

    private func connect(_ target: Int) -> EventLoopFuture<Void> {
        LoadConnector(plan: plan, target: target, engine: self).connect()
    }

    /// A connection that may carry requests.
    func connected(_ connection: LoadConnection) {
        guard !isOver else { return connection.abandon() }
        connection.stand()
        targets[connection.target].isDown = false
        targets[connection.target].all[ObjectIdentifier(connection)] = connection
        free(connection)
    }

    private func reconnect(_ target: Int, afterMilliseconds wait: Int64 = 0) {
        guard !isOver else { return }
        loop.assumeIsolated().scheduleTask(in: .milliseconds(wait)) {
            guard !self.isOver, !self.isDone else { return }
            self.connect(target).assumeIsolated().whenFailure { _ in
                self.connectFailed(target)
            }
        }
    }

    private func connectFailed(_ target: Int) {
        if targets[target].all.isEmpty {
            targets[target].isDown = true
            while let waiting = targets[target].waiting.popFirst() { ended(waiting, at: target, .notConnected) }
        }
        reconnect(target, afterMilliseconds: Self.reconnectMilliseconds)
    }
}
