import Synchronization

/// What a server counts; written by its event loops, read by whoever asks.
package final class ServerGauges: Sendable {
    private let open = Atomic<Int>(0)
    private let running = Atomic<Int>(0)
    private let refusals = Mutex<[HTTPRefusal.Reason: Int]>([:])

    /// Connections that are open.
    package var openConnections: Int { open.load(ordering: .relaxed) }
    /// Requests that a handler has and has not answered.
    package var requestsInFlight: Int { running.load(ordering: .relaxed) }
    /// Requests refused by the listener, by reason.
    package var refusalCounts: [HTTPRefusal.Reason: Int] { refusals.withLock { $0 } }

    /// Counts a connection unless there are as many as may be.
    func connectionOpened(max: Int) -> Bool {
        guard open.wrappingAdd(1, ordering: .relaxed).newValue <= max else {
            open.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        return true
    }

    func connectionClosed() { open.wrappingSubtract(1, ordering: .relaxed) }

    func requestBegan() { running.wrappingAdd(1, ordering: .relaxed) }

    func requestEnded() { running.wrappingSubtract(1, ordering: .relaxed) }

    func refused(_ reason: HTTPRefusal.Reason) { refusals.withLock { $0[reason, default: 0] += 1 } }
}
