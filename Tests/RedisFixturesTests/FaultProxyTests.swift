import RedisFixtures
import Testing

@Suite("A proxy that fails as told", .serialized)
struct FaultProxyTests {
    /// A server that echoes the number of the command.
    private func counting() throws -> NoiseServer { try NoiseServer { .text(":\($0.index)\r\n") } }

    @Test("it passes bytes and counts them")
    func pass() throws {
        let server = try counting()
        let proxy = try FaultProxy(to: server.port)
        let connection = try RESPConnection(port: proxy.port)
        for index in 0..<100 { #expect(try connection.roundTrip(["PING"]) == .integer(index)) }
        let counts = proxy.counts
        #expect(counts.connections == 1 && counts.bytesToServer == 100 * 14 && counts.bytesToClient == 10 * 4 + 90 * 5)
    }

    @Test("a large value passes whole, both ways")
    func large() throws {
        let server = try NoiseServer { .bytes(RESPValue.command([$0.texts[1]])) }
        let proxy = try FaultProxy(to: server.port)
        let connection = try RESPConnection(port: proxy.port)
        let value = String(repeating: "0123456789abcdef", count: 300_000)
        #expect(try connection.roundTrip(["ECHO", value]).array?.first?.text == value)
    }

    @Test("refusing ends old connections and resets new ones, until it passes again")
    func refuse() throws {
        let server = try counting()
        let proxy = try FaultProxy(to: server.port)
        let old = try RESPConnection(port: proxy.port)
        #expect(try old.roundTrip(["PING"]) == .integer(0))
        proxy.refuse()
        #expect(proxy.counts.openConnections == 0)
        #expect(throws: FixtureError.self) { try old.roundTrip(["PING"]) }
        #expect(throws: FixtureError.self) { try RESPConnection(port: proxy.port).roundTrip(["PING"]) }
        proxy.pass()
        #expect(try RESPConnection(port: proxy.port).roundTrip(["PING"]) == .integer(0))
    }

    @Test("a partition keeps connections and lets the bytes through when it ends")
    func blackhole() throws {
        let server = try counting()
        let proxy = try FaultProxy(to: server.port)
        let old = try RESPConnection(port: proxy.port, timeoutMilliseconds: 100)
        #expect(try old.roundTrip(["PING"]) == .integer(0))
        proxy.blackhole()
        #expect(throws: FixtureError.self) { try old.roundTrip(["PING"]) }
        let new = try RESPConnection(port: proxy.port, timeoutMilliseconds: 100)
        #expect(throws: FixtureError.self) { try new.roundTrip(["PING"]) }
        #expect(server.commands.count == 1)
        proxy.pass()
        #expect(try old.receive() == .integer(1))
        #expect(try new.receive() == .integer(0))
    }

    @Test("with replies withheld the command is done and nobody hears of it")
    func withheld() throws {
        let server = try counting()
        let proxy = try FaultProxy(to: server.port)
        proxy.withholdReplies()
        let connection = try RESPConnection(port: proxy.port, timeoutMilliseconds: 100)
        #expect(throws: FixtureError.self) { try connection.roundTrip(["PING"]) }
        try Deadline.wait(for: "the command", milliseconds: 2_000) { server.commands.count == 1 }
        proxy.pass()
        #expect(try connection.receive() == .integer(0))
    }

    @Test("a delay holds each way")
    func delay() throws {
        let server = try counting()
        let proxy = try FaultProxy(to: server.port)
        let connection = try RESPConnection(port: proxy.port)
        proxy.delay(milliseconds: 50)
        let start = ContinuousClock.now
        #expect(try connection.roundTrip(["PING"]) == .integer(0))
        #expect(ContinuousClock.now - start >= .milliseconds(100))
    }

    @Test("a cut ends the connections that are there, and no later one")
    func cut() throws {
        let server = try counting()
        let proxy = try FaultProxy(to: server.port)
        let old = try RESPConnection(port: proxy.port)
        #expect(try old.roundTrip(["PING"]) == .integer(0))
        proxy.cut()
        #expect(throws: FixtureError.self) { try old.roundTrip(["PING"]) }
        #expect(try RESPConnection(port: proxy.port).roundTrip(["PING"]) == .integer(0))
        #expect(proxy.counts.connections == 2)
    }

    @Test("an end of one side reaches the other, and a server that is away is a reset")
    func ends() throws {
        let server = try NoiseServer { _ in .last(Array("+BYE\r\n".utf8)) }
        let proxy = try FaultProxy(to: server.port)
        let connection = try RESPConnection(port: proxy.port)
        #expect(try connection.roundTrip(["QUIT"]) == .status("BYE"))
        #expect(throws: FixtureError.self) { try connection.receive() }
        server.end()
        #expect(throws: FixtureError.self) { try RESPConnection(port: proxy.port).roundTrip(["PING"]) }
    }
}
