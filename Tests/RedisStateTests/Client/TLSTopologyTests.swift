import RateLimiting
import RedisFixtures
import Testing

@testable import RedisState

/// TLS where more than one server has to be believed.
@Suite(
    "TLS with sentinels and clusters", .serialized, .timeLimit(.minutes(2)), .enabled(if: RedisServer.isInstalled))
struct TLSTopologyTests {
    private static let certificates = Result { try TestCertificates() }

    private static func options(showing pair: TestCertificates.Pair? = nil) throws -> RedisServerOptions {
        var options = RedisServerOptions()
        options.tls = try certificates.get().serverTLS(showing: pair)
        return options
    }

    /// Tries the right authority, then another one; by address, and by name where `names` are given.
    private func expectVerified(_ settings: RedisSettings, names: RedisSettings) async throws {
        let all = try Self.certificates.get()
        for (settings, authority) in [(settings, all.authority), (names, all.authority)] {
            var settings = settings
            settings.tls = try RedisTLS(
                authorityFile: authority.certificateFile, certificateFile: nil, keyFile: nil)
            let test = try await TestClient.started(settings)
            #expect(await test.send("SET", "x", "v", key: "x") == .success(.status("OK")))
            #expect(test.troubles == [])
            await test.close()
        }
        for settings in [settings, names] {
            var settings = settings
            settings.tls = try RedisTLS(
                authorityFile: all.otherAuthority.certificateFile, certificateFile: nil, keyFile: nil)
            let test = TestClient(settings)
            #expect(await test.client.start(waitingMilliseconds: 600) == false)
            #expect(test.seen.count == 1 && "\(test.seen)".contains("authority we trust"), "\(test.seen)")
            guard case .failure(.notConnected) = await test.send("SET", "x", "v", key: "x", within: 300) else {
                Issue.record("a command got through")
                return
            }
            await test.close()
        }
    }

    private func named(_ ports: [Int]) -> [RedisAddress] { ports.map { RedisAddress(host: "localhost", port: $0) } }

    @Test("sentinels and the master that they name are verified, by address and by name")
    func sentinels() async throws {
        let set = try await blocking { try SentinelSet(replicas: 0, options: Self.options()) }
        let names = RedisSettings(
            topology: .sentinel(addresses: named(set.sentinelPorts), masterName: set.masterName))
        try await expectVerified(.sentinels(set.sentinelPorts, name: set.masterName), names: names)
    }

    @Test("every node of a cluster is verified, by address and by name")
    func cluster() async throws {
        let cluster = try await blocking { try RedisCluster(masters: 3, replicasEach: 0, options: Self.options()) }
        let names = RedisSettings(topology: .cluster(named(cluster.ports)))
        try await expectVerified(.cluster(cluster.ports), names: names)
    }

    @Test("a master whose certificate is for another host: limits are this node's share, and shared when it is mended")
    func mended() async throws {
        let all = try Self.certificates.get()
        let server = try RedisServer.started(Self.options(showing: all.misnamedServer))
        var settings = RedisSettings.standalone(server.tlsPort)
        settings.tls = try RedisTLS(
            authorityFile: all.authority.certificateFile, certificateFile: nil, keyFile: nil)
        let node = BucketNode(settings)
        #expect(await node.test.client.start(waitingMilliseconds: 300) == false)
        let demand = node.demand(RateLimit(name: "l", ratePerMinute: 600))
        for _ in 0..<20 { #expect(await node.take(demand).name == "degraded") }
        #expect(node.test.seen.count == 1 && "\(node.test.seen)".contains("another host"), "\(node.test.seen)")
        #expect(node.told.all.count == 1)
        try server.order(
            "CONFIG", "SET", "tls-cert-file", all.server.certificateFile, "tls-key-file", all.server.keyFile)
        #expect(await eventually { await node.take(demand).name == "decided" })
        #expect(await eventually { node.told.all.count == 2 && node.told.all[1] == nil }, "\(node.told.all)")
        await node.close()
    }
}
