import Foundation
import Glibc
import Synchronization

/// The registration side of a gateway, of sockets and threads: notes every request and answers as it is told.
final class ScriptedRegistry: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var line: String
        var headers: [String: String]
        var body: String
    }

    /// What a request is answered with.
    enum Behaviour: Sendable {
        case answer(Int, String, headers: [String] = [])
        /// Sends a head that promises a body, and no body.
        case headOnly
        /// Answers nothing until the peer closes.
        case silence
    }

    private struct State {
        var requests: [Request] = []
        var script: [Behaviour]
        var isStopped = false
    }

    static let accepted = Behaviour.answer(201, #"{"status":"registered","renewAfterSeconds":0}"#)

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>

    /// - Parameter script: the behaviour for each request; the last one stays.
    init(_ script: Behaviour...) throws {
        state = Mutex(State(script: script))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length)
                listen(descriptor, 64)
                getsockname(descriptor, $0, &length)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        Thread { [self] in acceptLoop() }.start()
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }

    func count(_ method: String) -> Int { requests.count { $0.line.hasPrefix(method) } }

    func stop() {
        state.withLock {
            guard !$0.isStopped else { return }
            $0.isStopped = true
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    /// The loop alone closes the listener: were it closed between two accepts, the loop would take a connection from whatever
    /// listener is given the same number next.
    private func acceptLoop() {
        while true {
            let connection = accept(listener, nil, nil)
            guard !state.withLock({ $0.isStopped }) else {
                if connection >= 0 { close(connection) }
                close(listener)
                return
            }
            guard connection >= 0 else { continue }
            Thread { [self] in serve(connection) }.start()
        }
    }

    private func serve(_ connection: Int32) {
        defer { close(connection) }
        var buffered: [UInt8] = []
        while let request = read(connection, &buffered) {
            let behaviour = state.withLock {
                $0.requests.append(request)
                return $0.script.count > 1 ? $0.script.removeFirst() : $0.script[0]
            }
            switch behaviour {
            case .answer(let status, let body, let headers):
                let lines = ["HTTP/1.1 \(status) Status", "content-length: \(body.utf8.count)"] + headers
                let bytes = Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8)
                _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            case .headOnly:
                let bytes = Array("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".utf8)
                _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
                Self.waitForEnd(connection)
                return
            case .silence:
                Self.waitForEnd(connection)
                return
            }
        }
    }

    private static func waitForEnd(_ connection: Int32) {
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
    }

    private func read(_ connection: Int32, _ buffered: inout [UInt8]) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            if let request = Self.take(&buffered) { return request }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffered.append(contentsOf: chunk.prefix(count))
        }
    }

    private static func take(_ buffered: inout [UInt8]) -> Request? {
        guard let end = buffered.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: buffered[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        let bodyEnd = end.upperBound + (headers["content-length"].flatMap { Int($0) } ?? 0)
        guard buffered.count >= bodyEnd else { return nil }
        let body = String(decoding: buffered[end.upperBound..<bodyEnd], as: UTF8.self)
        buffered.removeSubrange(..<bodyEnd)
        return Request(line: lines[0], headers: headers, body: body)
    }
}
