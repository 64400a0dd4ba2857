import RedisFixtures
import Testing

@Suite("Certificates of a test", .serialized, .enabled(if: RedisServer.isInstalled))
struct TestCertificatesTests {
    @Test("a server speaks TLS with them, and only clients that trust and are trusted get through")
    func handshakes() throws {
        let certificates = try TestCertificates()
        var options = RedisServerOptions()
        options.tls = certificates.serverTLS(requiresClientCertificate: true)
        let redis = try RedisServer.started(options)
        func ping(_ authority: TestCertificates.Pair, _ client: TestCertificates.Pair?) throws -> String {
            var words = [
                "redis-cli", "-h", "127.0.0.1", "-p", "\(redis.tlsPort)", "--tls", "--cacert",
                authority.certificateFile, "PING",
            ]
            if let client {
                words.insert(contentsOf: ["--cert", client.certificateFile, "--key", client.keyFile], at: 1)
            }
            return try SpawnedProcess.run(words, in: certificates.folder)
        }
        #expect(try ping(certificates.authority, certificates.client) == "PONG\n")
        #expect(throws: FixtureError.self) { try ping(certificates.otherAuthority, certificates.client) }
        #expect(throws: FixtureError.self) { try ping(certificates.authority, certificates.strangeClient) }
        #expect(throws: FixtureError.self) { try ping(certificates.authority, nil) }
    }

    @Test("the names and issuers are as said")
    func names() throws {
        let made = try TestCertificates()
        func verify(_ pair: TestCertificates.Pair, _ authority: TestCertificates.Pair) throws {
            _ = try SpawnedProcess.run(
                [
                    "openssl", "verify", "-x509_strict", "-CAfile", authority.certificateFile, "-verify_ip",
                    "127.0.0.1", pair.certificateFile,
                ], in: made.folder)
        }
        try verify(made.server, made.authority)
        try verify(made.strangeServer, made.otherAuthority)
        #expect(throws: FixtureError.self) { try verify(made.strangeServer, made.authority) }
        #expect(throws: FixtureError.self) { try verify(made.misnamedServer, made.authority) }
    }

    @Test("sentinels and their servers speak TLS among themselves, and name the ports with TLS")
    func sentinels() throws {
        var options = RedisServerOptions()
        options.tls = try TestCertificates().serverTLS(requiresClientCertificate: true)
        let set = try SentinelSet(options: options)
        let named = try set.sentinels[0].cli(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", set.masterName]).array
        #expect(named?.last?.text == "\(set.servers[0].tlsPort)")
        #expect(set.sentinelPorts == set.sentinels.map(\.tlsPort))
        #expect(try set.killMaster().master.port == set.servers[1].port)
    }

    @Test("the nodes of a cluster speak TLS among themselves, and a slot moves through it")
    func cluster() throws {
        var options = RedisServerOptions()
        options.tls = try TestCertificates().serverTLS(requiresClientCertificate: true)
        let cluster = try RedisCluster(options: options)
        let slot = try cluster.slot(of: "k")
        let (old, masters) = (try cluster.owner(ofSlot: slot), try cluster.masters())
        try old.order("SET", "k", "v")
        let new = try #require(masters.first { $0.port != old.port })
        try cluster.moveSlot(slot, to: new)
        #expect(try new.cli(["GET", "k"]).text == "v")
        try cluster.failover(killing: new)
    }
}
