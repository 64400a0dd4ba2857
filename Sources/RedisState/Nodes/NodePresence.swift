import Synchronization

/// This node's place among the others: says every second that it is there, and knows who else is.
package final class NodePresence: Sendable {
    /// How often and how long.
    package struct Timing: Sendable, Hashable {
        /// Between two heartbeats.
        package var intervalMilliseconds: Int64 = 1_000
        /// How long a node is taken for alive without a word.
        package var timeToLiveMilliseconds: Int64 = 5_000

        /// Every second, for five seconds.
        package init() {}
    }

    /// How it stands, for metrics.
    package struct Figures: Sendable, Hashable {
        /// Heartbeats that arrived.
        package var heartbeats = 0
        /// Heartbeats that did not.
        package var failures = 0
        /// Whether the store does not answer, so that the list is the last known one.
        package var isAway = true
        /// Nodes alive, this one included.
        package var liveNodes = 1
    }

    /// What is worth a line in the log, once at each change.
    package enum Event: Sendable, Hashable {
        /// The store does not answer: the last known nodes count on.
        case lost(RedisFailure)
        /// It answers again, or for the first time.
        case found(nodes: Int)
    }

    private struct State {
        var list: NodeListState
        var figures = Figures()
        var hasLeft = false
    }

    private let own: NodeRecord
    private let share: any NodeShare
    private let timing: Timing
    private let around: StoreSurroundings
    private let load: @Sendable () -> NodeLoad
    private let keyIds: @Sendable () -> [String]?
    private let alarm = Alarm()
    private let onEvent: @Sendable (Event) -> Void
    private let state: Mutex<State>

    /// Makes a presence; nobody knows of it before ``run()``.
    ///
    /// - Parameters:
    ///   - load: asked before each heartbeat.
    ///   - keyIds: asked before each heartbeat, for ``NodeRecord/keyIds``.
    package init(
        own: NodeRecord, share: any NodeShare, timing: Timing = Timing(), surroundings: StoreSurroundings,
        load: @escaping @Sendable () -> NodeLoad, keyIds: @escaping @Sendable () -> [String]? = { nil },
        onEvent: @escaping @Sendable (Event) -> Void = { _ in }
    ) {
        self.own = own
        self.share = share
        self.timing = timing
        self.load = load
        self.keyIds = keyIds
        self.onEvent = onEvent
        around = surroundings
        state = Mutex(State(list: NodeListState(lingerMilliseconds: timing.timeToLiveMilliseconds)))
    }

    /// Keeps this node in the list until its task is cancelled; ``leave()`` says good-bye.
    package func run() async {
        while !Task.isCancelled {
            await beat()
            // Nodes that started together do not stay in step.
            let milliseconds = Double(timing.intervalMilliseconds) * (0.9 + 0.1 * around.jitter())
            await alarm.sleep(nanoseconds: Int64(milliseconds * 1_000_000), around)
        }
    }

    /// Brings the next heartbeat forward: what this node says of itself has changed.
    package func announceSoon() { alarm.ring() }

    /// All nodes alive, this one included, by name; the last known ones while the store is away.
    package func liveNodes() -> [NodeRecord] {
        let nodes = state.withLock { $0.list.nodes }
        guard !nodes.contains(where: { $0.id == own.id }) else { return nodes }
        return (nodes + [current()]).sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// How many nodes share a limit; at least 1.
    package var liveCount: Int { state.withLock { $0.figures.liveNodes } }

    /// How it stands, for metrics.
    package var figures: Figures { state.withLock { $0.figures } }

    /// Takes this node out of the list; no heartbeat follows.
    package func leave() async {
        state.withLock { $0.hasLeft = true }
        _ = await share.remove(id: own.id)
    }

    /// One heartbeat.
    func beat() async {
        guard !state.withLock({ $0.hasLeft }) else { return }
        let answer = await share.announce(current(), timeToLiveMilliseconds: timing.timeToLiveMilliseconds)
        let now = around.nowMilliseconds
        let event = state.withLock { state in
            defer {
                let others = state.list.nodes.filter { $0.id != own.id }
                state.figures.liveNodes = others.count + 1
                state.figures.isAway = state.list.isAway
            }
            switch answer {
            case .success(let records):
                let wasAway = state.list.isAway
                state.list.answered(records, nowMilliseconds: now)
                state.figures.heartbeats += 1
                return wasAway ? Event.found(nodes: state.list.nodes.count) : nil
            case .failure(let failure):
                state.figures.failures += 1
                return state.list.failed() ? Event.lost(failure) : nil
            }
        }
        if let event { onEvent(event) }
        // A heartbeat that was under way when we left would keep us in the list for its time.
        if state.withLock({ $0.hasLeft }) { _ = await share.remove(id: own.id) }
    }

    private func current() -> NodeRecord {
        var record = own
        record.load = load()
        record.keyIds = keyIds()
        return record
    }
}
