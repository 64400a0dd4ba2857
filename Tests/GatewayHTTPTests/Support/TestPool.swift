import Foundation
import NIOCore
import NIOPosix

@testable import GatewayHTTP

/// A pool on a loop of the tests' group, called as the listener's handlers call it.
final class TestPool: Sendable {
    let loop: any EventLoop
    let pool: UpstreamPool
    private let executor: EventLoopTaskExecutor

    init(
        _ limits: UpstreamLimits = UpstreamLimits(), tls: UpstreamTLS = UpstreamTLS(),
        unixSeconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) },
        admits: @escaping @Sendable ([UInt8]) -> Bool = { _ in true }
    ) {
        loop = TestServer.group.next()
        pool = UpstreamPool(eventLoop: loop, limits: limits, tls: tls, admits: admits, unixSeconds: unixSeconds)
        executor = EventLoopTaskExecutor(loop)
    }

    func start(
        _ port: Int, host: String = "127.0.0.1", body: String = "{}", withinMilliseconds: Int64 = 10_000,
        path: String = "/execute-agent", security: UpstreamSecurity = .none
    ) -> Task<Result<UpstreamAnswer, UpstreamFailure>, Never> {
        let endpoint = UpstreamEndpoint(
            host: host, port: port, hostHeader: "\(host):\(port)", path: path, security: security)
        let deadline = Int64(bitPattern: NIODeadline.now().uptimeNanoseconds) + withinMilliseconds * 1_000_000
        return Task(executorPreference: executor) { [pool] in
            do throws(UpstreamFailure) {
                return .success(
                    try await pool.call(
                        endpoint, body: Array(body.utf8), headerLines: Array("x-test: 1\r\n".utf8),
                        deadlineNanoseconds: deadline))
            } catch {
                return .failure(error)
            }
        }
    }

    func call(
        _ port: Int, host: String = "127.0.0.1", body: String = "{}", withinMilliseconds: Int64 = 10_000
    ) async -> Result<UpstreamAnswer, UpstreamFailure> {
        await start(port, host: host, body: body, withinMilliseconds: withinMilliseconds).value
    }

    func counts() async -> [Int] {
        let counts = try? await loop.submit { [pool] in
            let counts = pool.counts
            return [counts.connections, counts.idle, counts.waiting]
        }.get()
        return counts ?? []
    }

    /// Addresses that the pool remembers.
    func addressCount() async -> Int? { try? await loop.submit { [pool] in pool.addressCount }.get() }

    /// Whether a body is coming whose end is that of its connection.
    func bodyHasBegun() async -> Bool {
        (try? await loop.submit { [pool] in pool.isReadingUntilClose }.get()) ?? false
    }

    func shutDown() async { try? await loop.submit { [pool] in pool.shutDown() }.get() }
}

extension Result where Success == UpstreamAnswer, Failure == UpstreamFailure {
    var text: String? { (try? get()).map { String(decoding: $0.body, as: UTF8.self) } }
    var failure: UpstreamFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
    var isBadResponse: Bool {
        if case .badResponse? = failure { true } else { false }
    }
}
