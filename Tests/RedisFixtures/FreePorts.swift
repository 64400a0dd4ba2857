import Glibc
import Synchronization

/// Ports of 127.0.0.1 that nothing listens on, each given once in a test process.
///
/// They lie below the range from which the kernel takes the ports of outgoing connections: a server that restarts on
/// its port must not find it taken by a client. So do the ports 10,000 above, where a cluster node has its bus.
package enum FreePorts {
    private static let range = 10_240..<22_000
    private static let busOffset = 10_000
    private static let given = Mutex<Set<Int>>([])

    /// One port, free together with the port 10,000 above.
    package static func next() throws -> Int {
        for _ in 0..<range.count {
            let port = Int.random(in: range)
            guard given.withLock({ $0.insert(port).inserted }) else { continue }
            if isFree(port), isFree(port + busOffset) { return port }
        }
        throw FixtureError("no free port in \(range): end what listens there")
    }

    /// So many ports, all different.
    package static func next(_ count: Int) throws -> [Int] { try (0..<count).map { _ in try next() } }

    private static func isFree(_ port: Int) -> Bool {
        guard let descriptor = try? LocalSocket.open() else { return false }
        defer { close(descriptor) }
        return LocalSocket.withAddress(port) { bind(descriptor, $0, $1) } == 0
    }
}
