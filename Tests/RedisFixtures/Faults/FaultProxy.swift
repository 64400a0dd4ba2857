import Dispatch
import Foundation
import Synchronization

/// A TCP proxy before a server of a test, which fails as the test says.
///
/// A change holds when the call that made it returns: after `refuse()` no connection is left.
package final class FaultProxy: Sendable {
    /// What happens to connections and bytes.
    package enum Mode: Sendable, Equatable {
        case pass
        /// New connections are reset as soon as they are there, and old ones at once.
        case refuse
        /// A partition: connections open and stay, no byte passes. What was sent passes when it ends.
        case blackhole
        /// Requests reach the server, its replies stay away: was it done or not?
        case withholdReplies
        /// Every byte comes so much later, each way.
        case delay(milliseconds: Int)
    }

    /// What passed so far.
    package struct Counts: Sendable, Equatable {
        package var connections = 0
        package var openConnections = 0
        package var bytesToServer = 0
        package var bytesToClient = 0
    }

    enum Order: Sendable {
        case mode(Mode)
        case cut
        case end
    }

    package let port: Int
    private let shared: ProxyOrders

    /// Listens on a free port and passes on to `serverPort`.
    package init(to serverPort: Int) throws {
        port = try FreePorts.next()
        let orders = try ProxyOrders()
        shared = orders
        let listener = try LocalSocket.listening(on: port, nonBlocking: true)
        Thread.detachNewThread {
            var loop = ProxyLoop(listener: listener, serverPort: serverPort, orders: orders)
            loop.run()
        }
    }

    deinit { end() }

    package var counts: Counts { shared.counts.withLock { $0 } }
    package var mode: Mode { shared.mode.withLock { $0 } }

    package func pass() { set(.pass) }
    package func refuse() { set(.refuse) }
    package func blackhole() { set(.blackhole) }
    package func withholdReplies() { set(.withholdReplies) }
    package func delay(milliseconds: Int) { set(.delay(milliseconds: milliseconds)) }

    /// Resets the connections that are there; new ones pass as the mode says.
    package func cut() { shared.give(.cut) }

    /// Closes everything, for good.
    package func end() { shared.give(.end) }

    private func set(_ mode: Mode) {
        shared.mode.withLock { $0 = mode }
        shared.give(.mode(mode))
    }
}
