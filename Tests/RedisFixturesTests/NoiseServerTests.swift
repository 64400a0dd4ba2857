import RedisFixtures
import Testing

@Suite("A server of scripted bytes", .serialized)
struct NoiseServerTests {
    @Test("it answers what the script says to the command it parsed")
    func script() throws {
        let server = try NoiseServer { command in
            switch command.name {
            case "PING": .pong
            case "GET": command.index == 0 ? .loading : .readOnly
            case "SET": .moved(slot: 12_182, port: 7_001)
            case "EVAL": .rubbish(seed: 1)
            case "INFO": .half
            case "QUIT": .brokenOff
            default: .close
            }
        }
        func ask(_ words: String...) throws -> RESPValue {
            try RESPConnection(port: server.port, timeoutMilliseconds: 100).roundTrip(words)
        }
        #expect(try ask("ping") == .status("PONG"))
        #expect(try ask("GET", "k").error?.hasPrefix("LOADING") == true)
        #expect(try ask("SET", "foo", "1") == .error("MOVED 12182 127.0.0.1:7001"))
        for name in ["EVAL", "INFO", "QUIT", "OTHER"] {
            #expect(throws: FixtureError.self, "\(name)") { try ask(name) }
        }
        #expect(server.connections == 7)
        #expect(server.commands.map(\.name) == ["PING", "GET", "SET", "EVAL", "INFO", "QUIT", "OTHER"])
        #expect(server.commands[2].texts == ["SET", "foo", "1"])
    }

    @Test("it may speak first, and ends with its owner")
    func greeting() throws {
        var server: NoiseServer? = try NoiseServer(greeting: .text("-ERR max number of clients reached\r\n")) { _ in .ok
        }
        let port = try #require(server?.port)
        let connection = try RESPConnection(port: port)
        #expect(try connection.receive() == .error("ERR max number of clients reached"))
        server = nil
        #expect(throws: FixtureError.self) { try connection.receive() }
        try Deadline.wait(for: "the listener's end", milliseconds: 2_000) { (try? RESPConnection(port: port)) == nil }
    }

    @Test("ports are given once")
    func ports() throws {
        let ports = try FreePorts.next(50)
        #expect(Set(ports).count == 50)
        #expect(ports.allSatisfy { $0 < 55_000 })
    }
}
