import Foundation
import Glibc
import IntentProtocol

/// One HTTP request over a connection of its own, on a thread of its own.
enum SocketExchange {
    struct Failure: Error {
        var call: String
        var code: Int32
    }

    struct Answer: Sendable {
        var status: Int
        var body: [UInt8]
        var response: AgentResponse { Requests.answer(body) }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    static func send(
        _ method: String, _ path: String, to port: Int, _ headers: [(String, String)], _ body: [UInt8]
    ) async throws -> Answer {
        let lines =
            ["\(method) \(path) HTTP/1.1", "host: 127.0.0.1", "connection: close", "content-length: \(body.count)"]
            + headers.map { "\($0.0): \($0.1)" }
        let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body
        return try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try exchange(bytes, port) }) }.start()
        }
    }

    private static func exchange(_ bytes: [UInt8], _ port: Int) throws -> Answer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(call: "connect", code: errno) }
        var timeout = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return try receive(descriptor)
    }

    /// Reads until the peer closes, as it was asked to.
    private static func receive(_ descriptor: Int32) throws -> Answer {
        var received: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(descriptor, &chunk, chunk.count, 0)
            guard count > 0 else { break }
            received.append(contentsOf: chunk.prefix(count))
        }
        guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else {
            throw Failure(call: "recv", code: errno)
        }
        let head = String(decoding: received[..<end.lowerBound], as: UTF8.self)
        return Answer(
            status: head.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0,
            body: Array(received[end.upperBound...]))
    }
}
