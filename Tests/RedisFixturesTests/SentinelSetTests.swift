import RedisFixtures
import Testing

@Suite("Sentinels of a test", .serialized, .enabled(if: RedisServer.isInstalled))
struct SentinelSetTests {
    @Test("they agree, make another master when asked, and when it is killed; the dead one comes back as a replica")
    func failovers() throws {
        let set = try SentinelSet()
        let first = try set.currentMaster()
        #expect(first.port == set.servers[0].port)
        try first.order("SET", "k", "v")
        try first.waitForReplicas(1)
        let second = try set.failover()
        #expect(second.port != first.port)
        #expect(try second.cli(["GET", "k"]).text == "v")
        let (killed, third) = try set.killMaster()
        #expect(killed.port == second.port && third.port == first.port)
        try killed.start()
        try set.waitUntilSettled()
        #expect(try set.currentReplicas().map(\.port) == [killed.port])
    }

    @Test("passwords of servers and sentinels are asked for")
    func passwords() throws {
        var options = RedisServerOptions()
        options.password = "server secret"
        let set = try SentinelSet(replicas: 2, options: options, sentinelPassword: "sentinel secret")
        #expect(try set.currentReplicas().count == 2)
        for server in set.servers + set.sentinels {
            #expect(try server.cli(["PING"], login: nil).error?.hasPrefix("NOAUTH") == true)
        }
        let login = RedisLogin(user: "default", password: "sentinel secret")
        #expect(try set.sentinels[0].cli(["PING"], login: login).text == "PONG")
        #expect(try set.killMaster().master.isReady)
    }
}
