import NIOCore
import NIOPosix
import Synchronization

/// Sends requests when they are due, whatever becomes of those before them: waiting is counted, not hidden.
///
/// One event loop; each target has a few kept-alive connections on which requests are pipelined. What is due goes out once in a
/// millisecond. The latency of a request counts from when it was due.
package final class OpenLoopClient: Sendable {
    /// What to send, and where to.
    package struct Plan: Sendable {
        /// Requests a second, over all targets.
        package var rate: Int
        /// Ports of 127.0.0.1, each with its part of the requests.
        package var shares: [(port: Int, weight: Int)]
        /// Whole requests, head and body, sent one after the other and over again.
        package var requests: [[UInt8]]

        package init(rate: Int, shares: [(port: Int, weight: Int)], requests: [[UInt8]]) {
            self.rate = rate
            self.shares = shares
            self.requests = requests
        }
    }

    private let group: MultiThreadedEventLoopGroup
    private let loop: any EventLoop
    private let engine: LoadEngine

    /// - Parameter connectionsPerTarget: how many connections each target gets.
    package init(connectionsPerTarget: Int = 8) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        loop = group.next()
        engine = LoadEngine(loop: loop, connectionsPerTarget: connectionsPerTarget)
    }

    /// Opens the connections of a plan, so that the first requests do not wait for them.
    package func prepare(_ plan: Plan) async {
        let ports = plan.shares.map(\.port)
        try? await loop.submit { self.engine.open(ports) }.get()
        for _ in 0..<500 {
            let isReady = (try? await loop.submit { self.engine.isReady(ports) }.get()) ?? false
            if isReady { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Sends by a plan until it is given another, or nil for none.
    package func follow(_ plan: Plan?) async {
        try? await loop.submit { self.engine.follow(plan) }.get()
    }

    /// What became of the requests since this was last asked; by port, and what was due while a target was away.
    package func take() async -> [Int: LoadReport] {
        (try? await loop.submit { self.engine.take() }.get()) ?? [:]
    }

    /// Waits until every request has its answer or has lost its connection.
    ///
    /// - Returns: false when some have neither in time.
    package func settle(withinMilliseconds: Int) async -> Bool {
        for _ in 0..<max(1, withinMilliseconds / 5) {
            if (try? await loop.submit { self.engine.inFlight }.get()) == 0 { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    /// Ends all connections and the loop.
    package func end() async {
        try? await loop.submit { self.engine.end() }.get()
        try? await group.shutdownGracefully()
    }
}
