import Synchronization

/// What a server counts; written by its event loops, read by whoever asks.
package final class ServerGauges: Sendable {
    /// What one peer has at the same time.
    private struct PeerCounts {
        var connections = 0
        var handshakes = 0
    }

    /// What the connections of all event loops hold.
    let buffered: BufferedBytes
    private let open = Atomic<Int>(0)
    private let running = Atomic<Int>(0)
    private let byPeer = Mutex<[PeerNetwork: PeerCounts]>([:])
    private let closedAtOnce = Mutex<[ConnectionLimit: Int]>([:])
    private let failedAccepts = Atomic<Int>(0)
    private let refusals = Mutex<[HTTPRefusal.Reason: Int]>([:])

    init(_ limits: HTTPLimits) {
        buffered = BufferedBytes(bytesMax: limits.bufferedBytesMax)
    }

    /// Bytes that connections hold of requests and answers, beyond the first 64 KiB of each.
    package var bufferedBytes: Int { buffered.count }
    /// Connections that are open.
    package var openConnections: Int { open.load(ordering: .relaxed) }
    /// Connections that were closed before a byte was read, by the limit that they were over.
    package var closedConnections: [ConnectionLimit: Int] { closedAtOnce.withLock { $0 } }
    /// How often the system had no connection to give.
    package var acceptFailures: Int { failedAccepts.load(ordering: .relaxed) }
    /// Requests that a handler has and has not answered.
    package var requestsInFlight: Int { running.load(ordering: .relaxed) }
    /// Requests refused by the listener, by reason.
    package var refusalCounts: [HTTPRefusal.Reason: Int] { refusals.withLock { $0 } }

    /// Counts a connection unless there are as many as may be.
    ///
    /// - Parameter peer: whose it is; nil is not counted by peer.
    func connectionOpened(by peer: PeerNetwork?, limits: HTTPLimits) -> Bool {
        guard open.wrappingAdd(1, ordering: .relaxed).newValue <= limits.connectionsMax else {
            refuseConnection(over: .all)
            return false
        }
        guard let peer else { return true }
        let hasPlace = byPeer.withLock { counts in
            guard counts[peer, default: PeerCounts()].connections < limits.connectionsPerPeerMax else { return false }
            counts[peer, default: PeerCounts()].connections += 1
            return true
        }
        if !hasPlace { refuseConnection(over: .peer) }
        return hasPlace
    }

    /// - Parameter peer: as it was when the connection was counted.
    func connectionClosed(by peer: PeerNetwork?) {
        open.wrappingSubtract(1, ordering: .relaxed)
        guard let peer else { return }
        byPeer.withLock { counts in
            // A peer without a connection is forgotten: the table is never larger than the number of connections.
            guard let count = counts[peer]?.connections, count > 1 else { return counts[peer] = nil }
            counts[peer]?.connections = count - 1
        }
    }

    /// Counts a handshake of an open connection unless its peer has as many as may be.
    ///
    /// - Parameters:
    ///   - peer: whose it is; nil is not counted by peer.
    ///   - max: 0 is no limit.
    func handshakeBegan(by peer: PeerNetwork?, max: Int) -> Bool {
        guard let peer else { return true }
        return byPeer.withLock { counts in
            guard max == 0 || counts[peer, default: PeerCounts()].handshakes < max else { return false }
            counts[peer, default: PeerCounts()].handshakes += 1
            return true
        }
    }

    /// To be called while the connection is still counted.
    func handshakeEnded(by peer: PeerNetwork?) {
        guard let peer else { return }
        byPeer.withLock { $0[peer]?.handshakes -= 1 }
    }

    private func refuseConnection(over limit: ConnectionLimit) {
        open.wrappingSubtract(1, ordering: .relaxed)
        closedAtOnce.withLock { $0[limit, default: 0] += 1 }
    }

    func acceptFailed() { failedAccepts.wrappingAdd(1, ordering: .relaxed) }

    func requestBegan() { running.wrappingAdd(1, ordering: .relaxed) }

    func requestEnded() { running.wrappingSubtract(1, ordering: .relaxed) }

    func refused(_ reason: HTTPRefusal.Reason) { refusals.withLock { $0[reason, default: 0] += 1 } }
}
