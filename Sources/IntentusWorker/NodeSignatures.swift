import Foundation
import IntentusClient
import Synchronization

/// Signs what a worker sends to one of its gateways.
///
/// Gateways take each signature once, and know together which they have taken; it covers a second and a body alone. So no two
/// are of one second, and each gateway is sent the body with another number of spaces behind it.
final class NodeSignatures: Sendable {
    private let credentials: NodeCredentials
    private let padding: [UInt8]
    private let unixSeconds: @Sendable () -> Int64
    private let last = Mutex<Int64>(0)

    /// - Parameters:
    ///   - place: of the gateway among the worker's.
    ///   - unixSeconds: the wall clock.
    init(
        _ credentials: NodeCredentials, place: Int,
        unixSeconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.credentials = credentials
        padding = [UInt8](repeating: UInt8(ascii: " "), count: place)
        self.unixSeconds = unixSeconds
    }

    /// The body as it is to be sent, and the header lines that sign it.
    func signed(_ body: [UInt8]) -> (body: [UInt8], headerLines: [UInt8]) {
        let now = unixSeconds()
        let seconds = last.withLock { last in
            last = max(now, last + 1)
            return last
        }
        let padded = body + padding
        return (padded, credentials.headerLines(signing: padded, unixSeconds: seconds) ?? [])
    }
}
