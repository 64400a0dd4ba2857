import Foundation
import Glibc
import Synchronization

/// A gateway of sockets and threads that notes every request and answers as it is told, one behaviour a request.
final class ScriptedGateway: Sendable {
    /// A request as it came.
    struct Request: Sendable {
        var head: String
        var body: [UInt8]

        var line: String { String(head.prefix { $0 != "\r\n" }) }

        func header(_ name: String) -> String? {
            head.components(separatedBy: "\r\n").dropFirst()
                .first { $0.lowercased().hasPrefix(name + ":") }
                .map { $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces) }
        }
    }

    /// What to do with a request.
    enum Behaviour: Sendable {
        /// Answers with a status, headers and a body.
        case answer(Int, String, headers: [String] = [])
        /// Answers once this many requests are here.
        case together(Int)
        /// Sends a head that promises a body, and no body.
        case headOnly
        /// Answers nothing until the peer closes.
        case silence
        /// Closes the connection without a byte.
        case close
        /// Resets the connection.
        case reset
    }

    private struct State {
        var requests: [Request] = []
        var script: [Behaviour]
        var peersGone = 0
        var isStopped = false
    }

    let port: Int
    private let listener: Int32
    private let state: Mutex<State>
    private let arrived = NSCondition()

    /// - Parameter script: the behaviour for each request; the last one stays.
    init(_ script: Behaviour...) throws {
        state = Mutex(State(script: script))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = bindLoopback(listener)
        listen(listener, 128)
        Thread { [self] in acceptLoop() }.start()
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [Request] { state.withLock { $0.requests } }
    var peersGone: Int { state.withLock { $0.peersGone } }

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
            signalArrival()
            switch behaviour {
            case .answer(let status, let body, let headers): write(connection, status, body, headers)
            case .together(let count):
                waitForArrivals(count)
                write(connection, 200, Answers.success, [])
            case .headOnly:
                write(connection, Array("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".utf8))
                return waitForEnd(connection)
            case .silence: return waitForEnd(connection)
            case .close: return
            case .reset:
                var linger = linger(l_onoff: 1, l_linger: 0)
                setsockopt(connection, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                return
            }
        }
    }

    private func signalArrival() {
        arrived.lock()
        arrived.broadcast()
        arrived.unlock()
    }

    private func waitForArrivals(_ count: Int) {
        let deadline = Date(timeIntervalSinceNow: 20)
        arrived.lock()
        while requests.count < count, arrived.wait(until: deadline) {}
        arrived.unlock()
    }

    private func waitForEnd(_ connection: Int32) {
        var byte: UInt8 = 0
        while recv(connection, &byte, 1, 0) > 0 {}
        state.withLock { $0.peersGone += 1 }
    }

    private func write(_ connection: Int32, _ status: Int, _ body: String, _ headers: [String]) {
        let lines = ["HTTP/1.1 \(status) Status", "content-length: \(body.utf8.count)"] + headers
        write(connection, Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
    }

    private func write(_ connection: Int32, _ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private func read(_ connection: Int32, _ buffered: inout [UInt8]) -> Request? {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            if let end = buffered.firstRange(of: Array("\r\n\r\n".utf8)) {
                var request = Request(
                    head: String(decoding: buffered[..<end.lowerBound], as: UTF8.self), body: [])
                let length = request.header("content-length").flatMap { Int($0) } ?? 0
                if buffered.count - end.upperBound >= length {
                    request.body = Array(buffered[end.upperBound..<(end.upperBound + length)])
                    buffered.removeSubrange(..<(end.upperBound + length))
                    return request
                }
            }
            let count = recv(connection, &chunk, chunk.count, 0)
            guard count > 0 else { return nil }
            buffered.append(contentsOf: chunk.prefix(count))
        }
    }
}

/// Binds a socket to a free port of the loopback.
func bindLoopback(_ descriptor: Int32) -> Int {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            _ = bind(descriptor, $0, length)
            getsockname(descriptor, $0, &length)
        }
        return Int(UInt16(bigEndian: pointer.pointee.sin_port))
    }
}

/// Bodies that a gateway answers with.
enum Answers {
    static let success = frame(
        #"{"version":"1.0","status":"success","payload":{"text":"gr\u00fc\u00dfe 🐝","count":3},"metadata":{"agent":"a"},"error":null}"#
    )

    static func error(
        _ code: String, retryable: Bool, details: String = "{}", agent: String = "gateway"
    ) -> String {
        frame(
            """
            {"version":"1.0","status":"error","payload":null,"metadata":{"agent":"\(agent)"},\
            "error":{"code":"\(code)","message":"why",\
            "retryable":\(retryable),"details":\(details)}}
            """)
    }

    static func frame(_ body: String) -> String {
        #"{"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":\#(body)}"#
    }
}
