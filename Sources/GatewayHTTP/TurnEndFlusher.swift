import NIOCore

/// Something whose writes may wait for the end of the loop's turn.
protocol FlushedAtTurnEnd: AnyObject {
    /// Sends what was written; called on the event loop.
    func flushWrites()
}

/// Sends what the connections of an event loop wrote in one turn of it together, at the turn's end.
///
/// A write to a socket wakes the peer that sleeps on it, and waking is dearer than writing. Sent one by one between two requests'
/// work, each write finds its peer asleep again; sent together, the first one wakes it and the others find it awake.
///
/// Safe to mark as sendable without checks: touched on the event loop alone.
final class TurnEndFlusher: @unchecked Sendable {
    /// From this size on a write is not worth waiting.
    static let bytesMax = 32 * 1024
    /// How many connections wait at most: the first of them waits for the work of all others.
    static let waitingMax = 32
    private let eventLoop: any EventLoop
    private var waiting: [any FlushedAtTurnEnd] = []
    private var isScheduled = false

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        waiting.reserveCapacity(Self.waitingMax)
    }

    /// Sends the connection's writes at the end of this turn, or sooner.
    func flushSoon(_ connection: any FlushedAtTurnEnd) {
        waiting.append(connection)
        if waiting.count >= Self.waitingMax { return flushAll() }
        guard !isScheduled else { return }
        isScheduled = true
        eventLoop.assumeIsolated().execute { [self] in
            isScheduled = false
            flushAll()
        }
    }

    private func flushAll() {
        // By index: a flush may end a connection, and what that sets off may add to the list.
        var index = 0
        while index < waiting.count {
            waiting[index].flushWrites()
            index += 1
        }
        waiting.removeAll(keepingCapacity: true)
    }
}
