import Foundation
import Glibc
import Synchronization

/// An HTTP server that answers each request by a function, in a thread for each connection, so that an answer may wait.
final class PlainServer: Sendable {
    /// An answer; nil closes the connection without one.
    typealias Respond = @Sendable (_ path: String) -> String?

    private struct State {
        var requestCount = 0
        var stopped = false
    }

    let port: Int
    private let listener: Int32
    private let respond: Respond
    private let state = Mutex(State())

    /// - Parameters:
    ///   - port: 0 takes a free one.
    ///   - respond: the body of a 200 for a path.
    init(port wanted: Int = 0, _ respond: @escaping Respond) throws {
        self.respond = respond
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var on: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(wanted).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && listen(descriptor, 128) == 0
                    && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isListening else {
            close(descriptor)
            throw SocketClient.Failure(description: "cannot listen on \(wanted): errno \(errno)")
        }
        listener = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { [self] in acceptLoop() }.start()
    }

    var requestCount: Int { state.withLock { $0.requestCount } }

    func stop() {
        state.withLock { $0.stopped = true }
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private func acceptLoop() {
        while true {
            let connection = accept(listener, nil, nil)
            guard connection >= 0, !state.withLock({ $0.stopped }) else { return }
            Thread { [self] in serve(connection) }.start()
        }
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var buffered: [UInt8] = []
        while let path = read(connection, &buffered) {
            state.withLock { $0.requestCount += 1 }
            guard let body = respond(path) else { return }
            let text =
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"
            let bytes = Array(text.utf8)
            _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
    }

    /// Reads a request to its end and gives its path; nil when the peer closed.
    private func read(_ connection: Int32, _ buffered: inout [UInt8]) -> String? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = buffered.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: buffered[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
                let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
                let length = field.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                if buffered.count - end.upperBound >= length {
                    buffered.removeSubrange(..<(end.upperBound + length))
                    return lines[0].split(separator: " ").dropFirst().first.map(String.init) ?? ""
                }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffered.append(contentsOf: chunk.prefix(count))
        }
    }
}
