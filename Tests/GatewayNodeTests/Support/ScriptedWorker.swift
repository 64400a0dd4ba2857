import Foundation
import Glibc
import Synchronization

/// An agent worker in a thread of its own that notes every request it gets and answers as it is told.
final class ScriptedWorker: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var head: String
        var body: [UInt8]

        var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
        }
        var envelope: [String: Any] { json["body"] as? [String: Any] ?? [:] }
    }

    /// What to do with a request.
    enum Behaviour: Sendable {
        /// Answers this HTTP text, head and body.
        case raw(String)
        /// Answers 200 with this frame.
        case frame(String)
        /// Answers 200 with what this makes of the request's body.
        case made(@Sendable ([UInt8]) -> [UInt8])
        /// Answers nothing until the peer closes, then notes that it did.
        case silence
        /// Closes the connection without a byte.
        case close
    }

    private struct State {
        var requests: [Request] = []
        var behaviour: Behaviour
        var peersGone = 0
        var stopped = false
    }

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>

    static let success = """
        {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"success",\
        "payload":{"ok":true},"metadata":{"agent":"scripted"},"error":null}}
        """

    init(_ behaviour: Behaviour = .frame(ScriptedWorker.success)) throws {
        state = Mutex(State(behaviour: behaviour))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length)
                listen(descriptor, 128)
                getsockname(descriptor, $0, &length)
            }
            return Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        let thread = Thread { [self] in acceptLoop() }
        thread.start()
    }

    var url: String { "http://127.0.0.1:\(port)/execute-agent" }
    var requests: [Request] { state.withLock { $0.requests } }
    var peersGone: Int { state.withLock { $0.peersGone } }

    func set(_ behaviour: Behaviour) { state.withLock { $0.behaviour = behaviour } }

    func stop() {
        state.withLock {
            guard !$0.stopped else { return }
            $0.stopped = true
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    /// The loop alone closes the listener: were it closed between two accepts, the loop would take a connection from whatever
    /// listener is given the same number next.
    private func acceptLoop() {
        while true {
            let connection = accept(listener, nil, nil)
            guard !state.withLock({ $0.stopped }) else {
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
                return $0.behaviour
            }
            switch behaviour {
            case .raw(let text): write(connection, text)
            case .frame(let frame):
                write(
                    connection,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(frame.utf8.count)\r\n\r\n"
                        + frame)
            case .made(let make):
                let frame = make(request.body)
                write(
                    connection,
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: \(frame.count)\r\n\r\n"
                        + String(decoding: frame, as: UTF8.self))
            case .silence:
                var byte: UInt8 = 0
                while recv(connection, &byte, 1, 0) > 0 {}
                state.withLock { $0.peersGone += 1 }
                return
            case .close: return
            }
        }
    }

    private func write(_ connection: Int32, _ text: String) {
        let bytes = Array(text.utf8)
        _ = Glibc.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    private func read(_ connection: Int32, _ buffered: inout [UInt8]) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let separator = Array("\r\n\r\n".utf8)
        while true {
            if let end = buffered.firstRange(of: separator) {
                let head = String(decoding: buffered[..<end.lowerBound], as: UTF8.self)
                let length =
                    head.lowercased().components(separatedBy: "\r\n")
                    .first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
                if buffered.count - end.upperBound >= length {
                    let body = Array(buffered[end.upperBound..<(end.upperBound + length)])
                    buffered.removeSubrange(..<(end.upperBound + length))
                    return Request(head: head, body: body)
                }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffered.append(contentsOf: chunk.prefix(count))
        }
    }
}
