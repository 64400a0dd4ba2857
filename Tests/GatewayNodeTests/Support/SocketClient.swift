import Foundation
import Glibc

/// A blocking TCP connection that sends bytes as they are: what an HTTP library would never let a test send.
final class SocketClient {
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    /// One HTTP answer as it came.
    struct Reply: CustomStringConvertible {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
        }
        /// The response object: the frame's body, or the bare response itself.
        var response: [String: Any] { json["body"] as? [String: Any] ?? json }
        var error: [String: Any] { response["error"] as? [String: Any] ?? [:] }
        var code: String? { error["code"] as? String }
        var isRetryable: Bool? { error["retryable"] as? Bool }
        var details: [String: Any] { error["details"] as? [String: Any] ?? [:] }
        var description: String { "\(status) \(headers) \(String(decoding: body, as: UTF8.self))" }
    }

    private let descriptor: Int32
    private var buffered: [UInt8] = []

    init(port: Int, timeoutSeconds: Int = 10) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(description: "connect to \(port): errno \(errno)") }
        var timeout = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "send: errno \(errno)") }
            sent += count
        }
    }

    /// Ends the sending side; the answer can still be read.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads one answer: head, then the body by its Content-Length.
    func receive() throws -> Reply {
        let separator = Array("\r\n\r\n".utf8)
        var end = buffered.firstRange(of: separator)
        while end == nil {
            guard try fill() else { throw Failure(description: "closed before an answer: \(buffered.count) bytes") }
            end = buffered.firstRange(of: separator)
        }
        guard let end else { throw Failure(description: "no head") }
        let lines = String(decoding: buffered[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        let status = Int(lines[0].split(separator: " ")[1]) ?? 0
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        buffered.removeSubrange(..<end.upperBound)
        let length = Int(headers["content-length"] ?? "0") ?? 0
        while buffered.count < length {
            guard try fill() else { throw Failure(description: "closed inside a body") }
        }
        let body = Array(buffered.prefix(length))
        buffered.removeFirst(length)
        return Reply(status: status, headers: headers, body: body)
    }

    /// Whether the peer closed the connection; waits for it within the time-out.
    func isClosedByPeer() throws -> Bool {
        guard buffered.isEmpty else { return false }
        return try !fill()
    }

    /// What comes next, as it comes; nil when the peer closed.
    func receiveSome() throws -> [UInt8]? {
        guard try !buffered.isEmpty || fill() else { return nil }
        defer { buffered = [] }
        return buffered
    }

    /// Appends what came; false when the peer closed.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failure(description: "recv: errno \(errno)") }
        buffered.append(contentsOf: chunk.prefix(count))
        return count > 0
    }
}
