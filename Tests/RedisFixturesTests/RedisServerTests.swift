import Foundation
import RedisFixtures
import Testing

@Suite("A redis-server of a test", .serialized, .enabled(if: RedisServer.isInstalled))
struct RedisServerTests {
    @Test("it answers, dies, and comes back on the same port without its data")
    func life() throws {
        let redis = try RedisServer()
        #expect(!redis.isReady)
        try redis.start()
        #expect(redis.isReady)
        #expect(try redis.cli(["SET", "k", "v"]).isOK)
        #expect(try redis.cli(["GET", "k"]).text == "v")
        #expect(try redis.cli(["INCR", "k"]).error?.hasPrefix("ERR") == true)
        redis.kill9()
        #expect(!redis.isReady && !redis.isRunning)
        try redis.restart()
        #expect(try redis.cli(["GET", "k"]) == .null)
        redis.stop()
        #expect(!redis.isReady && redis.processIdentifier == nil)
    }

    @Test("a frozen server is silent and keeps its connections")
    func freezing() throws {
        let redis = try RedisServer.started()
        let connection = try redis.connection(timeoutMilliseconds: 100)
        redis.freeze()
        #expect(throws: FixtureError.self) { try connection.roundTrip(["PING"]) }
        redis.thaw()
        #expect(try connection.receive() == .status("PONG"))
        redis.freeze()
        redis.stop()
        #expect(!redis.isRunning)
    }

    @Test("a password, users and a memory limit hold, and the fixture's own user sees past them")
    func options() throws {
        var options = RedisServerOptions()
        options.password = "open sesame"
        options.users = ["gateway on >secret ~rl:* +@all"]
        options.maxMemoryBytes = 1
        let redis = try RedisServer.started(options)
        #expect(try redis.cli(["PING"], login: nil).error?.hasPrefix("NOAUTH") == true)
        #expect(try redis.cli(["PING"], login: RedisLogin(user: "default", password: "open sesame")).text == "PONG")
        let gateway = RedisLogin(user: "gateway", password: "secret")
        #expect(try redis.cli(["GET", "other"], login: gateway).error?.hasPrefix("NOPERM") == true)
        #expect(try redis.cli(["SET", "rl:1", "x"], login: gateway).error?.hasPrefix("OOM") == true)
        #expect(throws: FixtureError.self) {
            try redis.cli(["PING"], login: RedisLogin(user: "gateway", password: "wrong"))
        }
    }

    @Test("a configuration that the server refuses is told with its words")
    func refusedConfiguration() throws {
        var options = RedisServerOptions()
        options.lines = ["no-such-directive 1"]
        let redis = try RedisServer(options)
        let error = #expect(throws: FixtureError.self) { try redis.start() }
        #expect(error?.description.contains("no-such-directive") == true)
    }

    @Test("a server outlives the thread that asked for it, and not its owner")
    func owner() async throws {
        let (started, thread) = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                // A link to the thread's own entry: "self/task/<id>".
                let link = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
                continuation.resume(with: Result { (try RedisServer.started(), link ?? "") })
            }
        }
        var redis: RedisServer? = started
        let identifier = try #require(redis?.processIdentifier)
        try Deadline.wait(for: "the end of \(thread)", milliseconds: 5_000) {
            !FileManager.default.fileExists(atPath: "/proc/\(thread)")
        }
        #expect(redis?.isReady == true)
        redis = nil
        _ = consume started
        #expect(kill(identifier, 0) == -1 && errno == ESRCH)
    }
}
