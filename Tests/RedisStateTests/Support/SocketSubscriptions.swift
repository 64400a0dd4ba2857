import Dispatch
import Foundation
import Synchronization

@testable import RedisState

/// Messages of a real Redis, read on a thread of their own.
final class SocketSubscriptions: RedisSubscriptions {
    private let port: Int

    init(port: Int) { self.port = port }

    func messages(on channels: [String]) -> AsyncStream<RedisSubscriptionEvent> {
        let port = port
        return AsyncStream { continuation in
            let isOver = Ended()
            continuation.onTermination = { _ in isOver.set() }
            Thread.detachNewThread {
                while !isOver.value {
                    if let descriptor = try? SocketRedis.connected(port) {
                        Self.read(descriptor, channels, continuation, isOver)
                        close(descriptor)
                        continuation.yield(.lost)
                    }
                    usleep(50_000)
                }
            }
        }
    }

    private final class Ended: Sendable {
        private let flag = Atomic<Bool>(false)
        var value: Bool { flag.load(ordering: .relaxed) }
        func set() { flag.store(true, ordering: .relaxed) }
    }

    private static func read(
        _ descriptor: Int32, _ channels: [String], _ continuation: AsyncStream<RedisSubscriptionEvent>.Continuation,
        _ isOver: Ended
    ) {
        var timeout = timeval(tv_sec: 0, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard (try? RESP.write((["SUBSCRIBE"] + channels).map { Array($0.utf8) }, to: descriptor)) != nil else {
            return
        }
        var reader = RESP(descriptor)
        while !isOver.value {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard reader.hasMore || Glibc.poll(&poll, 1, 100) > 0 else { continue }
            guard let list = (try? reader.value())?.array, list.count == 3 else { return }
            switch list[0].text {
            case "subscribe" where list[2].integer == Int64(channels.count): continuation.yield(.subscribed)
            case "message":
                continuation.yield(.message(channel: list[1].text ?? "", payload: list[2].bytes ?? []))
            default: break
            }
        }
    }
}
