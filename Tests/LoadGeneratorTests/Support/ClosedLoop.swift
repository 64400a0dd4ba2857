import LoadGenerator
import NIOCore
import NIOPosix

/// One client that waits for each answer before it asks again, at most at a given rate; it counts from when it sent.
enum ClosedLoop {
    static func run(_ url: String, requestsPerSecond: Double, seconds: Double) async throws -> LatencyHistogram {
        let port = Int(url.split(separator: ":").last ?? "") ?? 0
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        let request = ByteBuffer(string: "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n")
        return try await channel.executeThenClose { inbound, outbound in
            var latencies = LatencyHistogram()
            var answers = inbound.makeAsyncIterator()
            let start = ContinuousClock.now
            while start.duration(to: .now) < .seconds(seconds) {
                let sent = ContinuousClock.now
                try await outbound.write(request)
                guard try await answers.next() != nil else { break }
                let taken = sent.duration(to: .now)
                latencies.record(nanoseconds: Int64(taken / .nanoseconds(1)))
                try await Task.sleep(until: sent + .seconds(1 / requestsPerSecond))
            }
            return latencies
        }
    }
}
