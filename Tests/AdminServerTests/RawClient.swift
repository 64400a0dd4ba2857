import NIOCore
import NIOPosix

/// Sends bytes to a port of this machine and reads until the other side closes, so that tests see the wire itself.
struct RawClient {
    /// An answer as it came.
    struct Answer {
        let head: String
        let body: String

        var status: Int? { Int(head.dropFirst("HTTP/1.1 ".count).prefix(3)) }

        /// The one value of a header, nil when it is missing or comes twice.
        func header(_ name: String) -> String? {
            let lines = head.split(separator: "\r\n").dropFirst().map { $0.split(separator: ":", maxSplits: 1) }
            let values = lines.filter { $0.first?.lowercased() == name }.compactMap(\.last)
            guard values.count == 1, let value = values.first else { return nil }
            return String(value.drop { $0 == " " })
        }
    }

    let port: Int

    /// Everything the other side sent before it closed.
    func exchange(_ request: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            // A server that refuses early may reset the connection before all was sent or read.
            try? await outbound.write(ByteBuffer(string: request))
            var received = ByteBuffer()
            do {
                for try await var part in inbound { received.writeBuffer(&part) }
            } catch is IOError {}
            return String(buffer: received)
        }
    }

    func send(_ method: String, _ path: String, headers: String = "", body: String = "") async throws -> Answer {
        let text = try await exchange(
            "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(headers)\r\n\(body)")
        let end = text.range(of: "\r\n\r\n")
        return Answer(
            head: end.map { String(text[..<$0.lowerBound]) } ?? text,
            body: end.map { String(text[$0.upperBound...]) } ?? "")
    }
}

extension String {
    fileprivate func range(of separator: String) -> Range<String.Index>? {
        ranges(of: separator).first
    }
}
