import RedisFixtures
import Testing

@Suite("A cluster of a test", .serialized, .enabled(if: RedisServer.isInstalled))
struct RedisClusterTests {
    @Test("it is whole, moves a slot with its keys, and holds one between two masters")
    func slots() throws {
        let cluster = try RedisCluster()
        let masters = try cluster.masters()
        #expect(masters.count == 3)
        for master in masters { #expect(try cluster.replicas(of: master).count == 1) }

        let slot = try cluster.slot(of: "{tenant}")
        let old = try cluster.owner(ofSlot: slot)
        let new = try #require(masters.first { $0.port != old.port })
        for number in 0..<250 { try old.order("SET", "{tenant}\(number)", "v") }

        let move = try cluster.beginMove(slot, to: new)
        #expect(try move.migrateKeys(limit: 40) == 40)
        #expect(try old.cli(["GET", "{tenant}none"]) == .error("ASK \(slot) 127.0.0.1:\(new.port)"))
        let connection = try new.connection()
        #expect(try connection.roundTrip(["ASKING"]).isOK)
        #expect(try connection.roundTrip(["GET", "{tenant}none"]) == .null)
        try move.cancel()
        #expect(try old.cli(["GET", "{tenant}none"]) == .null)

        try cluster.moveSlot(slot, to: new)
        #expect(try cluster.owner(ofSlot: slot).port == new.port)
        #expect(try old.cli(["GET", "{tenant}1"]) == .error("MOVED \(slot) 127.0.0.1:\(new.port)"))
        #expect(try new.order("CLUSTER", "COUNTKEYSINSLOT", "\(slot)") == .integer(250))
    }

    @Test("a replica takes over from a killed master and from a living one; the dead one comes back as a replica")
    func failovers() throws {
        var options = RedisServerOptions()
        options.password = "secret"
        let cluster = try RedisCluster(options: options)
        let dead = try cluster.masters()[0]
        #expect(try dead.cli(["PING"], login: nil).error?.hasPrefix("NOAUTH") == true)
        let heir = try cluster.failover(killing: dead)
        #expect(try cluster.masters().map(\.port).contains(heir.port))
        try dead.start()
        try cluster.waitUntilHealthy()
        #expect(try cluster.replicas(of: heir).map(\.port) == [dead.port])
        #expect(try cluster.failover(of: heir).port == dead.port)
    }
}
