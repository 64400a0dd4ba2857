import Glibc

/// One blocking connection to a Redis; for assertions and configuration, never for the code under test.
package final class RESPConnection {
    private let descriptor: Int32
    private var reader = RESPReader()

    /// Connects, and logs in where a login is given.
    ///
    /// - Throws: `FixtureError` when nobody listens or the login is refused.
    package init(port: Int, login: RedisLogin? = nil, timeoutMilliseconds: Int = 2_000) throws {
        descriptor = try LocalSocket.connected(to: port)
        let time = timeval(tv_sec: timeoutMilliseconds / 1_000, tv_usec: timeoutMilliseconds % 1_000 * 1_000)
        LocalSocket.set(descriptor, SOL_SOCKET, SO_RCVTIMEO, time)
        LocalSocket.set(descriptor, SOL_SOCKET, SO_SNDTIMEO, time)
        guard let login else { return }
        let reply = try roundTrip(["AUTH", login.user, login.password])
        guard reply.isOK else { throw FixtureError("login of \(login.user) at port \(port): \(reply)") }
    }

    deinit { close(descriptor) }

    /// One command and its reply; an error reply is a value like others.
    ///
    /// - Throws: `FixtureError` when the connection ends, is silent for the timeout, or sends no RESP.
    package func roundTrip(_ words: [String]) throws -> RESPValue {
        try send(RESPValue.command(words))
        return try receive()
    }

    /// Sends bytes as they are.
    package func send(_ bytes: [UInt8]) throws {
        guard LocalSocket.sendAll(bytes, to: descriptor) else { throw LocalSocket.failure("send") }
    }

    /// The next reply or message.
    package func receive() throws -> RESPValue {
        while true {
            if let value = try reader.next() { return value }
            switch LocalSocket.receive(from: descriptor) {
            case .bytes(let bytes): reader.add(bytes)
            case .end: throw FixtureError("the connection ended")
            case .nothing: throw FixtureError("no reply in time")
            }
        }
    }
}
