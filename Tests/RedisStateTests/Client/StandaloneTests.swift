import Foundation
import IntentProtocol
import NIOPosix
import RedisFixtures
import Testing

@testable import RedisState

@Suite("A client and one server", .serialized, .timeLimit(.minutes(1)))
struct StandaloneTests {
    private static let add = RedisScript(
        name: "add", text: "return redis.call('INCRBY', KEYS[1], ARGV[1])")

    @Test("replies come back in the order of the commands, whoever asked")
    func pipelining() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let right = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<1_000 {
                group.addTask {
                    await test.client.send(RedisCommand("ECHO", "\(index)")) == .success(.bytes(Array("\(index)".utf8)))
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
        #expect(await test.client.send(RedisCommand("GET", "nothing")) == .success(.null))
        #expect(await test.client.send(RedisCommand("SET", "k", "")) == .success(.status("OK")))
        #expect(await test.client.send(RedisCommand("GET", "k")) == .success(.bytes([])))
        guard case .failure(.refused(let error)) = await test.client.send(RedisCommand("INCR", "k")) else {
            Issue.record("an empty string is no number")
            return
        }
        #expect(error.kind == "ERR")
        #expect(test.seen == [.connected(redis.address)])
        await test.close()
    }

    @Test("a script that the server forgot is loaded again, and runs once")
    func scripts() async throws {
        let redis = try RedisServer.started()
        var settings = RedisSettings(topology: .standalone(redis.address))
        settings.scripts = [Self.add]
        let test = TestClient(settings)
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        func run() async -> Result<RedisValue, RedisFailure> {
            await test.client.run(
                Self.add, keys: [Array("{a}n".utf8)], arguments: [Array("2".utf8)], timeoutMilliseconds: nil)
        }
        #expect(await run() == .success(.integer(2)))
        #expect(await test.client.send(RedisCommand("SCRIPT", "FLUSH")) == .success(.status("OK")))
        #expect(await run() == .success(.integer(4)))
        #expect(await run() == .success(.integer(6)))
        await test.close()
    }

    @Test("a server that is killed costs the waiting their replies; its return is noticed")
    func restart() async throws {
        let redis = try RedisServer.started()
        let test = TestClient(RedisSettings(topology: .standalone(redis.address)))
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        redis.kill9()
        #expect(
            await eventually {
                if case .failure(.notConnected) = await test.client.send(RedisCommand("PING")) { true } else { false }
            })
        try redis.restart()
        #expect(await eventually { await test.client.send(RedisCommand("PING")) == .success(.status("PONG")) })
        // A server that comes back is told of at once, or when it has stayed where it had just come before.
        #expect(await eventually { test.seen.last == .connected(redis.address) })
        let told = test.seen
        #expect(told.filter { if case .unreachable = $0 { true } else { false } }.count <= 2, "\(told)")
        await test.close()
    }

    @Test("a frozen server costs a command its time and no more, and is given up for dead")
    func frozen() async throws {
        let redis = try RedisServer.started()
        var settings = RedisSettings(topology: .standalone(redis.address))
        settings.deadAfterMilliseconds = 300
        settings.connectTimeoutMilliseconds = 200
        let test = TestClient(settings)
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        redis.freeze()
        let clock = ContinuousClock()
        let took = await clock.measure {
            #expect(await test.client.send(RedisCommand("PING", timeoutMilliseconds: 10)) == .failure(.timedOut))
        }
        #expect(took < .milliseconds(200) && took >= .milliseconds(9))
        #expect(await eventually { !(await test.client.isReady()) })
        redis.thaw()
        #expect(await eventually { await test.client.send(RedisCommand("PING")) == .success(.status("PONG")) })
        await test.close()
    }

    @Test("more commands than may wait are refused at once")
    func overload() async throws {
        let redis = try RedisServer.started()
        var settings = RedisSettings(topology: .standalone(redis.address))
        settings.pendingMax = 10
        let test = TestClient(settings)
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        redis.freeze()
        let outcomes = await withTaskGroup(of: Result<RedisValue, RedisFailure>.self) { group in
            for _ in 0..<50 { group.addTask { await test.client.send(RedisCommand("PING", timeoutMilliseconds: 100)) } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        redis.thaw()
        #expect(outcomes.filter { $0 == .failure(.timedOut) }.count <= 10)
        #expect(outcomes.filter { $0 == .failure(.overloaded) }.count >= 40)
        await test.close()
    }

    @Test("a wrong password is told once, in words that help")
    func password() async throws {
        let redis = try RedisServer.started(.password("right"))
        var settings = RedisSettings(topology: .standalone(redis.address))
        let none = TestClient(settings)
        #expect(await none.client.start(waitingMilliseconds: 300) == false)
        #expect(none.seen.count == 1 && "\(none.seen)".contains("set username and password"), "\(none.seen)")
        await none.close()
        settings.credentials = .init(password: Secret("wrong"))
        let wrong = TestClient(settings)
        #expect(await wrong.client.start(waitingMilliseconds: 300) == false)
        #expect(wrong.seen.count == 1 && "\(wrong.seen)".contains("password is wrong"), "\(wrong.seen)")
        await wrong.close()
        settings.credentials = .init(username: "default", password: Secret("right"))
        settings.database = 3
        let right = TestClient(settings)
        #expect(await right.client.start(waitingMilliseconds: 5_000))
        #expect(await right.client.send(RedisCommand("SET", "a", "b")) == .success(.status("OK")))
        guard case .success(let info) = await right.client.send(RedisCommand("CLIENT", "INFO")) else {
            Issue.record("CLIENT INFO")
            return
        }
        #expect(info.text?.contains("db=3") == true && info.text?.contains("name=intentusnet") == true)
        await right.close()
    }

    @Test("what is published is heard, and after a loss the reader is told to read anew")
    func subscription() async throws {
        let redis = try RedisServer.started()
        let settings = RedisSettings(topology: .standalone(redis.address))
        let test = TestClient(settings)
        #expect(await test.client.start(waitingMilliseconds: 5_000))
        let subscriber = RedisSubscriber(eventLoop: test.group.next(), settings: settings, counters: test.counters)
        var events = subscriber.messages(on: ["one", "two"]).makeAsyncIterator()
        #expect(await events.next() == .subscribed)
        _ = await test.client.send(RedisCommand("PUBLISH", "two", "hello"))
        #expect(await events.next() == .message(channel: "two", payload: Array("hello".utf8)))
        try redis.restart()
        #expect(await events.next() == .lost)
        #expect(await events.next() == .subscribed)
        await test.close()
    }
}
