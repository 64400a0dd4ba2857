import Glibc

/// One request to a server of this machine, for fixtures that need no more of HTTP than that.
package enum PlainHTTP {
    /// The whole answer, head and body.
    ///
    /// - Throws: `FixtureError` when nobody listens.
    package static func get(_ path: String, port: Int) throws -> String {
        let request = "GET \(path) HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"
        return try exchange(Array(request.utf8), port: port)
    }

    /// Asks with a bearer token; the whole answer, head and body.
    ///
    /// - Throws: `FixtureError` when nobody listens.
    package static func get(_ path: String, token: String, port: Int) throws -> String {
        let head = [
            "GET \(path) HTTP/1.1", "host: 127.0.0.1", "connection: close", "authorization: Bearer \(token)",
        ]
        return try exchange(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8), port: port)
    }

    /// Posts JSON with a bearer token.
    ///
    /// - Throws: `FixtureError` when nobody listens.
    package static func post(_ path: String, _ body: [UInt8] = Array("{}".utf8), token: String, port: Int) throws
        -> String
    {
        let head = [
            "POST \(path) HTTP/1.1", "host: 127.0.0.1", "connection: close", "content-type: application/json",
            "content-length: \(body.count)", "authorization: Bearer \(token)",
        ]
        return try exchange(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body, port: port)
    }

    /// Sends the bytes of a request that asks for the end of its connection, and gives all that comes back; of an answer that goes
    /// on, what came within five seconds.
    package static func exchange(_ request: [UInt8], port: Int) throws -> String {
        let descriptor = try LocalSocket.connected(to: port)
        defer { close(descriptor) }
        LocalSocket.set(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 5, tv_usec: 0))
        guard LocalSocket.sendAll(request, to: descriptor) else {
            throw FixtureError("port \(port) closed before it took a request")
        }
        var answer: [UInt8] = []
        let deadline = ContinuousClock.now + .seconds(5)
        while ContinuousClock.now < deadline, case .bytes(let bytes) = LocalSocket.receive(from: descriptor) { answer += bytes }
        return String(decoding: answer, as: UTF8.self)
    }
}
