import IntentProtocol
import RedisFixtures
import Testing

@testable import RedisState

@Suite(
    "A client and one server between which something fails", .serialized, .timeLimit(.minutes(1)),
    .enabled(if: RedisServer.isInstalled))
struct StandaloneFaultTests {
    @Test("a user logs in by name and password, and is told when its password is another's")
    func users() async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret ~* &* +@all", "other on >else ~* &* +@all"]
        let server = try RedisServer.started(options)
        var settings = RedisSettings.standalone(server.port)
        settings.credentials = .init(username: "gateway", password: Secret("secret"))
        settings.database = 2
        let right = try await TestClient.started(settings)
        #expect(await right.send("ACL", "WHOAMI") == .success(.bytes(Array("gateway".utf8))))
        #expect(await right.send("SET", "in two", "x") == .success(.status("OK")))
        #expect(try server.cli(["EXISTS", "in two"]) == .integer(0))
        await right.close()

        settings.credentials = .init(username: "gateway", password: Secret("else"))
        let wrong = TestClient(settings)
        #expect(await wrong.client.start(waitingMilliseconds: 300) == false)
        #expect(wrong.seen.count == 1 && "\(wrong.seen)".contains("password is wrong"), "\(wrong.seen)")
        #expect(!"\(wrong.seen)".contains("else"))
        try server.order("ACL", "SETUSER", "gateway", ">else")
        #expect(await eventually { await wrong.client.isReady() })
        await wrong.close()
    }

    @Test(
        "a refusal of AUTH that repeats user and password is told without them",
        arguments: [
            "ERR unknown command 'AUTH', with args beginning with: 'gateway' 'hunter2-secret'",
            "WRONGPASS no user 'gateway' with 'hunter2-secret'", "hunter2-secret", "LOADING hunter2-secret",
        ])
    func refusedLogin(line: String) async throws {
        let server = try NoiseServer { command in
            switch command.name {
            case "AUTH": .error(line)
            case "ROLE": .text("*1\r\n$6\r\nmaster\r\n")
            case "PING": .pong
            default: .ok
            }
        }
        var settings = RedisSettings.standalone(server.port)
        settings.credentials = .init(username: "gateway", password: Secret("hunter2-secret"))
        let test = TestClient(settings)
        #expect(await test.client.start(waitingMilliseconds: 300) == false)
        let told = "\(test.seen) \(await test.send("GET", "x"))"
        #expect(test.seen.count == 1 && told.contains(line.hasPrefix("LOADING") ? "its data" : "password"), "\(told)")
        #expect(!told.contains("hunter2") && !told.contains("gateway"), "\(told)")
        let report = await RedisCheck(
            settings: settings, keyPrefix: "x:", budgetMilliseconds: 10, eventLoop: test.loop, unixNanoseconds: { 0 }
        ).run()
        #expect(report.findings.count == 1 && !"\(report)".contains("hunter2"), "\(report)")
        await test.close()
    }

    @Test("a script is loaded again after SCRIPT FLUSH, within the time of the command")
    func flushed() async throws {
        let server = try RedisServer.started()
        let proxy = try FaultProxy(to: server.port)
        let test = try await TestClient.started(.standalone(proxy.port))
        let script = RedisScript(name: "one", text: "return 1")
        func run(_ milliseconds: Int64) async -> Result<RedisValue, RedisFailure> {
            await test.client.run(script, keys: [[1]], arguments: [], timeoutMilliseconds: milliseconds)
        }
        #expect(await run(1_000) == .success(.integer(1)))
        for mode in ["SYNC", "ASYNC"] {
            try server.order("SCRIPT", "FLUSH", mode)
            #expect(await run(1_000) == .success(.integer(1)))
        }
        // Three round trips of 60 ms do not fit into 100: one deadline holds for all of them.
        try server.order("SCRIPT", "FLUSH")
        proxy.delay(milliseconds: 30)
        let took = await ContinuousClock().measure { #expect(await run(100) == .failure(.timedOut)) }
        #expect(took < .milliseconds(160), "\(took)")
        await test.close()
    }

    @Test("replies that stay away cost each command its time; the connection is given up, and another made")
    func withheld() async throws {
        let server = try RedisServer.started()
        let proxy = try FaultProxy(to: server.port)
        var settings = RedisSettings.standalone(proxy.port)
        settings.deadAfterMilliseconds = 300
        settings.connectTimeoutMilliseconds = 200
        let test = try await TestClient.started(settings)
        proxy.withholdReplies()
        let began = ContinuousClock.now
        let outcomes = await withTaskGroup(of: Result<RedisValue, RedisFailure>.self) { tasks in
            for _ in 0..<100 { tasks.addTask { await test.send("INCR", "n", within: 50) } }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.allSatisfy { $0 == .failure(.timedOut) })
        #expect(ContinuousClock.now - began < .milliseconds(200))
        #expect(await eventually { !(await test.client.isReady()) })
        // Not in time is not undone.
        #expect(try server.cli(["GET", "n"]) == .bytes(Array("100".utf8)))
        proxy.pass()
        #expect(await eventually { await test.send("INCR", "n") == .success(.integer(101)) })
        #expect(test.counters.reading.timeouts >= 100)
        await test.close()
    }

    @Test("beyond the bound of what waits a command is refused at once, and by its name")
    func bound() async throws {
        let server = try RedisServer.started()
        let proxy = try FaultProxy(to: server.port)
        var settings = RedisSettings.standalone(proxy.port)
        settings.pendingMax = 20
        let test = try await TestClient.started(settings)
        proxy.withholdReplies()
        async let first = withTaskGroup(of: Result<RedisValue, RedisFailure>.self) { tasks in
            for _ in 0..<20 { tasks.addTask { await test.send("PING", within: 600) } }
            return await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(await eventually { test.counters.reading.commands >= 20 })
        let took = await ContinuousClock().measure {
            #expect(await test.send("PING", within: 600) == .failure(.overloaded))
        }
        #expect(took < .milliseconds(50), "\(took)")
        #expect(await first.allSatisfy { $0 == .failure(.timedOut) })
        await test.close()
    }

    @Test("B10 a server that is away is tried again ever more slowly, and told of once")
    func backOff() async throws {
        let server = try RedisServer.started()
        let proxy = try FaultProxy(to: server.port)
        let test = try await TestClient.started(.standalone(proxy.port))
        let before = proxy.counts.connections
        server.kill9()
        try? await Task.sleep(for: .milliseconds(1_500))
        // 20, 40, 80 … 1,000 ms, of which half is left to chance: at least 6 attempts by then, at most 9.
        let attempts = proxy.counts.connections - before
        #expect((5...10).contains(attempts), "\(attempts)")
        let reasons = test.troubles
        #expect(reasons.count <= 2, "\(reasons)")
        try await blocking { try server.start() }
        let began = ContinuousClock.now
        #expect(await eventually { await test.send("PING") == .success(.status("PONG")) })
        print("standalone: back \((ContinuousClock.now - began).inMilliseconds) ms after the server")
        #expect(ContinuousClock.now - began < .milliseconds(1_500))
        #expect(test.troubles.count <= 3, "\(test.troubles)")
        await test.close()
    }

    @Test("a reply that breaks off loses its command and no other, and the next connection is clean")
    func brokenOff() async throws {
        let isWell = Flag()
        let server = try NoiseServer { command in
            switch command.name {
            case "ROLE": .text("*1\r\n$6\r\nmaster\r\n")
            case "PING": .pong
            case "GET": isWell.isSet ? .text("$2\r\nok\r\n") : .brokenOff
            default: .ok
            }
        }
        let test = try await TestClient.started(.standalone(server.port))
        #expect(await test.send("GET", "a") == .failure(.connectionLost))
        isWell.isSet = true
        #expect(await eventually { await test.send("GET", "a") == .success(.bytes(Array("ok".utf8))) })
        #expect(test.troubles.count == 1, "\(test.troubles)")
        await test.close()
    }

    @Test("connections cut in the middle of replies mix up nothing: each answer is its question's")
    func cut() async throws {
        let server = try RedisServer.started()
        let proxy = try FaultProxy(to: server.port)
        let nodes = [
            try await TestClient.started(.standalone(proxy.port)),
            try await TestClient.started(.standalone(proxy.port)),
        ]
        let isOver = Flag()
        async let wrong = withTaskGroup(of: [String].self) { tasks in
            for (place, node) in nodes.enumerated() {
                for number in 0..<8 {
                    tasks.addTask {
                        var wrong: [String] = []
                        for round in 0... {
                            guard !isOver.isSet else { break }
                            let word = "\(place)/\(number)/\(round)" + String(repeating: "x", count: round % 3_000)
                            switch await node.send("ECHO", word) {
                            case .success(.bytes(Array(word.utf8))): continue
                            case .success(let value):
                                wrong.append("\(value.text?.prefix(20) ?? "") for \(word.prefix(20))")
                            case .failure: try? await Task.sleep(for: .milliseconds(1))
                            }
                        }
                        return wrong
                    }
                }
            }
            return await tasks.reduce(into: []) { $0 += $1 }
        }
        for _ in 0..<20 {
            try? await Task.sleep(for: .milliseconds(Int64.random(in: 5...40)))
            try await blocking { proxy.cut() }
        }
        isOver.isSet = true
        #expect(await wrong == [])
        for node in nodes {
            #expect(await eventually { await node.send("PING") == .success(.status("PONG")) })
            await node.close()
        }
    }
}
