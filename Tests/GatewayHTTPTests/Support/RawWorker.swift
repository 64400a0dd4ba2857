import Foundation
import Glibc
import Synchronization

/// A listener whose every connection is served by a blocking script in a thread of its own.
final class RawWorker: Sendable {
    typealias Script = @Sendable (_ socket: RawSocket, _ requests: HTTPMessageReader) throws -> Void

    let port: Int
    let accepted = Counter()
    private let listener: Int32
    private let script: Script
    private let isStopped = Mutex(false)

    init(_ script: @escaping Script) {
        self.script = script
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = Self.listen(listener, backlog: 128)
        Thread { [self] in acceptLoop() }.start()
    }

    /// Answers every request of a connection with this text.
    static func answering(_ text: String) -> RawWorker {
        RawWorker { socket, requests in
            while try requests.next() != nil { try socket.send(text) }
        }
    }

    /// Answers the first request with this text and ends the connection.
    static func answeringOnce(_ text: String) -> RawWorker {
        RawWorker { socket, requests in
            _ = try requests.next()
            try socket.send(text)
            socket.end()
        }
    }

    /// Binds to a free port and listens; the port.
    static func listen(_ descriptor: Int32, backlog: Int32) -> Int {
        RawSocket.withLoopback(port: 0) { _ = bind(descriptor, $0, $1) }
        _ = Glibc.listen(descriptor, backlog)
        return RawSocket.port(of: descriptor)
    }

    /// A port at which nobody listens.
    static func closedPort() -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return listen(descriptor, backlog: 1)
    }

    func stop() {
        isStopped.withLock {
            guard !$0 else { return }
            $0 = true
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    /// The loop alone closes the listener: were it closed under a loop between two accepts, the loop would go on accepting from
    /// whatever listener is given the same number next, and answer the connections of another test.
    private func acceptLoop() {
        while true {
            let descriptor = accept(listener, nil, nil)
            guard descriptor >= 0 else {
                guard isStopped.withLock(\.self) else { continue }
                close(listener)
                return
            }
            accepted.add()
            let socket = RawSocket(accepted: descriptor)
            Thread { [script] in try? script(socket, HTTPMessageReader(socket)) }.start()
        }
    }
}
