import Glibc

/// One request for a page of this machine, for fixtures that watch what a server says of itself.
package enum PlainHTTP {
    /// The whole answer, head and body.
    ///
    /// - Throws: `FixtureError` when nobody listens.
    package static func get(_ path: String, port: Int) throws -> String {
        let descriptor = try LocalSocket.connected(to: port)
        defer { close(descriptor) }
        LocalSocket.set(descriptor, SOL_SOCKET, SO_RCVTIMEO, timeval(tv_sec: 5, tv_usec: 0))
        let request = "GET \(path) HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"
        guard LocalSocket.sendAll(Array(request.utf8), to: descriptor) else {
            throw FixtureError("port \(port) closed before it took a request")
        }
        var answer: [UInt8] = []
        while case .bytes(let bytes) = LocalSocket.receive(from: descriptor) { answer += bytes }
        return String(decoding: answer, as: UTF8.self)
    }
}
