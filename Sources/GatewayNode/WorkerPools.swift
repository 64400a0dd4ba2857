import GatewayHTTP
import NIOCore
import Synchronization

/// The worker connections of all event loops, for gauges and the end.
final class WorkerPools: Sendable {
    /// What the pools hold together.
    typealias Counts = (connections: Int, idle: Int, waiting: Int)

    private let pools = Mutex<[(loop: any EventLoop, pool: UpstreamPool)]>([])
    private let latest = Mutex<Counts>((0, 0, 0))

    func add(_ pool: UpstreamPool, on loop: any EventLoop) {
        pools.withLock { $0.append((loop, pool)) }
    }

    /// The counts as of the last ``refresh()``; a scrape must not wait for an event loop.
    func counts() -> Counts { latest.withLock { $0 } }

    /// Asks every loop for its counts.
    func refresh() async {
        var sum: Counts = (0, 0, 0)
        for (loop, pool) in pools.withLock({ $0 }) {
            guard let counts = try? await loop.submit({ pool.counts }).get() else { continue }
            sum.connections += counts.connections
            sum.idle += counts.idle
            sum.waiting += counts.waiting
        }
        latest.withLock { $0 = sum }
    }

    /// Closes every connection.
    func shutDown() async {
        for (loop, pool) in pools.withLock({ $0 }) {
            try? await loop.submit { pool.shutDown() }.get()
        }
    }
}
