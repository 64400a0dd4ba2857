import GatewayTesting
import Synchronization

@testable import RedisState

/// Nodes that count up keys as fast as answers come, and what they were answered.
final class IncrementLoad: Sendable {
    struct Report: Sendable {
        /// How often each key was counted up, by the answers.
        var counted: [String: Int] = [:]
        /// Commands without an answer, by their outcome.
        var failures: [String: Int] = [:]
        /// Those of them that may have been carried out nevertheless.
        var unknown = 0
        /// The longest time in which no command of a task was answered.
        var gapMilliseconds: Int64 = 0

        var answers: Int { counted.values.reduce(0, +) }
        var failed: Int { failures.values.reduce(0, +) }
    }

    /// What the tasks share with the test.
    private final class Shared: Sendable {
        let report = Mutex(Report())
        let isOver = Atomic(false)
    }

    private let shared = Shared()
    private let tasks: [Task<Void, Never>]
    /// Chooses the keys.
    let seed = UInt64.random(in: 0...UInt64.max)

    /// Begins.
    ///
    /// - Parameter tasksEach: commands that a node has under way.
    init(_ nodes: [TestClient], keys: [String], tasksEach: Int = 4, timeoutMilliseconds: Int64 = 1_000) {
        tasks = nodes.enumerated().flatMap { [shared, seed] place, node in
            (0..<tasksEach).map { number in
                Task {
                    var random = SeededRandom(seed: seed &+ UInt64(place * 1_000 + number))
                    var answered = ContinuousClock.now
                    while !shared.isOver.load(ordering: .relaxed), let key = keys.randomElement(using: &random) {
                        let reply = await node.send("INCR", key, key: key, within: timeoutMilliseconds)
                        let now = ContinuousClock.now
                        shared.report.withLock { [answered] in $0.add(reply, key, gap: now - answered) }
                        // A refusal comes at once: who asks again at once keeps others from being heard.
                        if case .success = reply {
                            answered = now
                        } else {
                            try? await Task.sleep(for: .milliseconds(2))
                        }
                    }
                }
            }
        }
    }

    /// Ends, and says what came of it.
    func stop() async -> Report {
        shared.isOver.store(true, ordering: .relaxed)
        for task in tasks { await task.value }
        return shared.report.withLock { $0 }
    }

    /// Lets so many more be answered.
    func pass(_ answers: Int) async -> Bool {
        let before = shared.report.withLock { $0.answers }
        return await eventually(within: 20) { shared.report.withLock { $0.answers } >= before + answers }
    }
}

extension IncrementLoad.Report {
    fileprivate mutating func add(_ reply: Result<RedisValue, RedisFailure>, _ key: String, gap: Duration) {
        switch reply {
        case .success:
            counted[key, default: 0] += 1
            gapMilliseconds = max(gapMilliseconds, gap.inMilliseconds)
        case .failure(let failure):
            failures[failure.name, default: 0] += 1
            if failure == .timedOut || failure == .connectionLost { unknown += 1 }
        }
    }
}

extension RedisFailure {
    /// The outcome without what differs from case to case.
    var name: String {
        switch self {
        case .notConnected: "not connected"
        case .refused(let error): error.kind
        case .overloaded, .timedOut, .connectionLost, .unexpectedReply: description
        }
    }
}
