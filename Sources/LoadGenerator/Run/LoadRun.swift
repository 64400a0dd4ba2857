import Foundation
import GatewayHTTP
import NIOCore
import NIOPosix

/// A run: threads that send by one schedule, and what they have counted together.
package final class LoadRun: Sendable {
    /// What came of a run.
    package struct Record: Sendable {
        package let tally: RunTally
        /// One a second, the last one shorter.
        package let intervals: [Interval]
        /// The part of the schedule that was counted and not cut off.
        package let scheduledSeconds: Double
        /// From the first moment that is counted to the last answer, or to the end of the schedule where that is later.
        package let seconds: Double
        /// Whether it ended before its schedule did.
        package let isInterrupted: Bool
        package let startedUnixMilliseconds: Int64
    }

    /// What happened in one second.
    package struct Interval: Sendable {
        /// From the beginning of the schedule to the end of the interval.
        package let endSeconds: Double
        package let seconds: Double
        package let isWarmUp: Bool
        package let tally: IntervalTally
    }

    /// So that all threads begin together.
    private static let startDelayNanoseconds: Int64 = 20_000_000

    private let plan: LoadPlan
    private let group: MultiThreadedEventLoopGroup
    private let engines: [NIOLoopBound<LoadEngine>]
    private let loops: [any EventLoop]

    /// Makes the requests ready; nothing is connected or sent.
    package init(_ plan: LoadPlan) async throws {
        self.plan = plan
        let now = Date().formatted(.iso8601.year().month().day().time(includingFractionalSeconds: true)) + "Z"
        let mix = try RequestMix(plan, timestamp: now)
        group = MultiThreadedEventLoopGroup(numberOfThreads: plan.threads)
        let loops = (0..<plan.threads).map { [group] _ in group.next() }
        self.loops = loops
        var engines: [NIOLoopBound<LoadEngine>] = []
        for (thread, loop) in loops.enumerated() {
            engines.append(
                try await loop.submit {
                    NIOLoopBound(LoadEngine(plan, mix, thread: thread, on: loop), eventLoop: loop)
                }.get())
        }
        self.engines = engines
    }

    /// Connects, sends by the schedule, waits for the last answers, and closes everything.
    ///
    /// A task that is cancelled ends its run early and gets what was done until then.
    ///
    /// - Parameter onInterval: told of each second when it is over.
    /// - Throws: ``LoadFault`` when a target cannot be reached at the beginning.
    package func run(onInterval: (Interval) -> Void = { _ in }) async throws -> Record {
        do {
            try await connect()
            let record = try await measure(onInterval)
            try await end()
            return record
        } catch {
            try? await end()
            throw error
        }
    }

    private func connect() async throws {
        var faults: [String?] = plan.targets.map { _ in nil }
        for thread in loops.indices {
            let engine = engines[thread]
            let found = try await loops[thread].flatSubmit { engine.value.connectAll() }.get()
            for (place, fault) in found.enumerated() { faults[place] = faults[place] ?? fault }
        }
        for (target, fault) in zip(plan.targets, faults) {
            guard let fault else { continue }
            throw LoadFault(
                "no connection to \(target.name) (\(target.endpoint.host):\(target.endpoint.port)): \(fault)")
        }
    }

    private func measure(_ onInterval: (Interval) -> Void) async throws -> Record {
        let unixMilliseconds = Int64(Date().timeIntervalSince1970 * 1_000)
        let start = Self.now() + Self.startDelayNanoseconds
        try await order { $0.start(atNanoseconds: start) }
        var intervals: [Interval] = []
        var stopped: Int64?
        var isDone = false
        var last: Int64 = 0
        while !isDone {
            let next = (last / 1_000_000_000 + 1) * 1_000_000_000
            isDone = try await wait(from: start, until: start + next, &stopped)
            let at = max(Self.now() - start, last + 1)
            var tally = IntervalTally()
            for part in try await order({ $0.takeInterval() }) { tally.add(part) }
            let interval = Interval(
                endSeconds: Double(at) / 1e9, seconds: Double(at - last) / 1e9,
                isWarmUp: at <= plan.warmUpNanoseconds, tally: tally)
            // The rest of a second in which nothing more happened would be shown as a standstill.
            guard !isDone || tally.tally.offered > 0 || tally.tally.ended > 0 else { break }
            last = at
            intervals.append(interval)
            onInterval(interval)
        }
        var sum = RunTally(entries: plan.entries.count, targets: plan.targets.count, callers: plan.callers.count)
        for part in try await order({ $0.tally }) { sum.add(part) }
        let scheduled = max(min(stopped ?? .max, plan.schedule.nanoseconds) - plan.warmUpNanoseconds, 1)
        return Record(
            tally: sum, intervals: intervals, scheduledSeconds: Double(scheduled) / 1e9,
            seconds: Double(max(sum.lastAnswerNanoseconds - plan.warmUpNanoseconds, scheduled)) / 1e9,
            isInterrupted: stopped != nil, startedUnixMilliseconds: unixMilliseconds)
    }

    /// - Returns: whether all threads are done.
    private func wait(from start: Int64, until end: Int64, _ stopped: inout Int64?) async throws -> Bool {
        while Self.now() < end {
            if Task.isCancelled, stopped == nil {
                stopped = Self.now() - start
                try await order { $0.stop() }
            }
            if try await order({ $0.isDone }).allSatisfy({ $0 }) { return true }
            let rest = min(max(end - Self.now(), 0), 20_000_000)
            // A cancelled task sleeps no more, and still has answers to wait for.
            if stopped != nil {
                try await loops[0].scheduleTask(in: .nanoseconds(rest)) {}.futureResult.get()
            } else {
                try? await Task.sleep(nanoseconds: UInt64(rest))
            }
        }
        return false
    }

    private func end() async throws {
        try await order { $0.end() }
        try await group.shutdownGracefully()
    }

    @discardableResult
    private func order<R: Sendable>(_ work: @escaping @Sendable (LoadEngine) -> R) async throws -> [R] {
        var results: [R] = []
        for (engine, loop) in zip(engines, loops) {
            results.append(try await loop.submit { work(engine.value) }.get())
        }
        return results
    }

    private static func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }
}
