import Glibc
import NIOCore
import NIOPosix

/// An open-loop client on a thread of its own: requests are sent when they are due, however slow the answers are, so that a slow
/// server does not hide behind a client that waits for it.
///
/// Its calls block and must not be made from an event loop or the threads of Swift's own pool.
package final class LoadClient: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let engine: NIOLoopBound<LoadEngine>
    private let plan: LoadPlan

    /// Connects to the targets; nothing is sent before ``start(phase:)``.
    package init(_ plan: LoadPlan) throws {
        self.plan = plan
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        self.loop = loop
        engine = try loop.submit { NIOLoopBound(LoadEngine(plan, on: loop), eventLoop: loop) }.wait()
        for target in plan.targets { try add(target) }
    }

    /// The clock of all times that a report tells.
    package static func now() -> Int64 { Int64(NIODeadline.now().uptimeNanoseconds) }

    /// Begins to send.
    package func start(phase: String) throws {
        try order {
            $0.begin(phase: phase)
            $0.start()
        }
    }

    /// What is due from now on is counted under another name.
    package func begin(phase: String) throws { try order { $0.begin(phase: phase) } }

    /// Spreads requests in another way, in the order of the targets.
    package func set(weights: [Int]) throws { try order { $0.set(weights: weights) } }

    /// Sends also to another target, once its connections stand.
    package func add(_ target: LoadTarget) throws {
        let engine = engine
        try loop.flatSubmit { engine.value.add(target) }.wait()
    }

    /// Sends no more, waits for the answers that are due, and ends.
    package func finish() throws -> LoadReport {
        try order { $0.stop() }
        let end = Self.now() + Int64(plan.patienceMilliseconds) * 1_000_000
        while try !order({ $0.isAnswered }), Self.now() < end { usleep(5_000) }
        let report = try order { $0.finish() }
        try group.syncShutdownGracefully()
        return report
    }

    private func order<R: Sendable>(_ work: @escaping @Sendable (LoadEngine) -> R) throws -> R {
        let engine = engine
        return try loop.submit { work(engine.value) }.wait()
    }
}
