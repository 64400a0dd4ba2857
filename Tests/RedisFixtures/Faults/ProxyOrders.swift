import Dispatch
import Glibc
import Synchronization

/// What the test's threads tell the proxy's thread, and what it counts for them.
final class ProxyOrders: Sendable {
    private struct Queue {
        var waiting: [(order: FaultProxy.Order, done: DispatchSemaphore)] = []
        var isOver = false
    }

    let counts = Mutex(FaultProxy.Counts())
    let mode = Mutex(FaultProxy.Mode.pass)
    /// Readable when orders wait.
    let bell: Int32
    private let rope: Int32
    private let queue = Mutex(Queue())

    init() throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw LocalSocket.failure("pipe") }
        (bell, rope) = (ends[0], ends[1])
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(bell, F_SETFL, O_NONBLOCK)
    }

    deinit {
        close(bell)
        close(rope)
    }

    /// Gives an order and waits until it is carried out.
    func give(_ order: FaultProxy.Order) {
        let done = DispatchSemaphore(value: 0)
        let isAccepted = queue.withLock { queue in
            guard !queue.isOver else { return false }
            queue.waiting.append((order, done))
            return true
        }
        guard isAccepted else { return }
        var ring: UInt8 = 1
        _ = write(rope, &ring, 1)
        done.wait()
    }

    /// Carries out what waits; after `.end` nothing is accepted any more.
    func take(_ carryOut: (FaultProxy.Order) -> Void) {
        var rings = [UInt8](repeating: 0, count: 64)
        while read(bell, &rings, rings.count) > 0 {}
        let waiting = queue.withLock { queue in
            for case .end in queue.waiting.map(\.order) { queue.isOver = true }
            defer { queue.waiting = [] }
            return queue.waiting
        }
        for (order, done) in waiting {
            carryOut(order)
            done.signal()
        }
    }
}
