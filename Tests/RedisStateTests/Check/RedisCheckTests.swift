import Foundation
import IntentProtocol
import NIOPosix
import RedisFixtures
import Testing

@testable import RedisState

@Suite("A look at Redis", .serialized, .timeLimit(.minutes(2)), .enabled(if: RedisServer.isInstalled))
struct RedisCheckTests {
    /// Looks as a node with these settings would.
    private func look(
        _ topology: RedisSettings.Topology, _ credentials: RedisSettings.Credentials = .init(), tls: RedisTLS? = nil,
        tellsReleases: Bool = false, unixNanoseconds: @escaping @Sendable () -> Int64 = Self.wallClock
    ) async -> RedisReport {
        var settings = RedisSettings(topology: topology)
        settings.credentials = credentials
        settings.tls = tls
        var report = await RedisCheck(
            settings: settings, keyPrefix: "intentusnet:", budgetMilliseconds: 1_000,
            eventLoop: MultiThreadedEventLoopGroup.singleton.next(), unixNanoseconds: unixNanoseconds
        ).run()
        // Which release this machine has is the matter of one test alone.
        if !tellsReleases { report.findings.removeAll { $0.text.contains("CVE-2025-49844") } }
        return report
    }

    private static let wallClock: @Sendable () -> Int64 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private func standalone(_ server: RedisServer) -> RedisSettings.Topology {
        .standalone(RedisAddress(host: "127.0.0.1", port: server.port))
    }

    private func addresses(_ ports: [Int]) -> [RedisAddress] {
        ports.map { RedisAddress(host: "127.0.0.1", port: $0) }
    }

    @Test("B11 a healthy server has no findings, and nothing is left in it")
    func healthy() async throws {
        let server = try RedisServer.started()
        let report = await look(standalone(server))
        #expect(report.findings.isEmpty, "\(report)")
        let text = report.lines.joined(separator: "\n")
        let count = StoreScripts.all.count + RedisBucketAuthority.scripts.count
        for wanted in [
            "127.0.0.1:\(server.port): master, no replicas, version \(try server.info("server")["redis_version"] ?? "")",
            "user 'default'", "median ", " of 20 pings", "clock: ", "scripts: \(count) of \(count) load",
            "maxmemory-policy noeviction, no maxmemory", "rights: every command, key and channel",
        ] {
            #expect(text.contains(wanted), "\(wanted) is not in:\n\(text)")
        }
        #expect(try server.order("DBSIZE").integer == 0)
    }

    @Test("S24 a release with a hole in its scripts is a warning that says what a distribution may have done")
    func releases() async throws {
        let server = try RedisServer.started()
        let number = try server.info("server")["redis_version"] ?? ""
        let report = await look(standalone(server), tellsReleases: true)
        let isVulnerable = RedisVersion(number[...])?.isVulnerable == true
        #expect(report.findings.count { $0.text.contains("CVE-2025-49844") } == (isVulnerable ? 1 : 0), "\(report)")
        guard isVulnerable else { return }
        #expect(
            report.findings.allSatisfy {
                !$0.isError && $0.text.contains("packages of distributions may carry the fix")
            })
        #expect(report.findings.first?.text.contains("Redis \(number)") == true)
    }

    @Test("every command that the stores need is tried")
    func trialsAreComplete() {
        let trials = RedisRights.trials(key: [1], channel: "c", isCluster: true, database: 1)
        let tried = Set(trials.filter { $0.need == .needed }.map(\.command)).union(["script|load", "subscribe"])
        #expect(Set(StoreScripts.commands).subtracting(tried).isEmpty)
    }

    @Test("the remedy that a gap is told with ends it")
    func remedy() async throws {
        var options = RedisServerOptions()
        options.users = ["gateway on >secret resetkeys resetchannels -@all +get +evalsha +time"]
        let server = try RedisServer.started(options)
        let gateway = RedisSettings.Credentials(username: "gateway", password: Secret("secret"))
        // Without PING a connection can be greeted all the same: it is one right among others.
        let shut = await look(standalone(server), gateway)
        #expect(shut.findings.count { $0.isError } == 1, "\(shut)")
        #expect(shut.findings.first?.text.contains("+ping") == true, "\(shut)")
        try server.order("ACL", "SETUSER", "gateway", "+ping")
        // Channels are looked at once a command may be used that has one.
        let rounds = [["hset", "zlexcount", "script|load", "some of the keys"], ["some of the channels"], []]
        for expected in rounds {
            let report = await look(standalone(server), gateway)
            guard !expected.isEmpty else {
                #expect(report.findings.isEmpty, "\(report)")
                return
            }
            let error = try #require(report.findings.first { $0.isError }?.text, "\(report)")
            for gap in expected { #expect(error.contains(gap), "\(error)") }
            #expect(!error.contains("secret"))
            let remedy = try #require(error.split(separator: "; ").last)
            let reply = try server.cli(remedy.split(separator: " ").map(String.init))
            #expect(reply.isOK, "\(remedy): \(reply)")
        }
    }

    /// The user that the guide names, with the rights that it names for all forms.
    private static func userOfTheGuide() throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let guide = try String(
            contentsOf: root.appending(path: "Sources/intentusnet/intentusnet.docc/ACluster.md"), encoding: .utf8)
        let block = try #require(guide.firstMatch(of: #/ACL SETUSER (gateway [^`]+)/#)?.1)
        return block.split(whereSeparator: \.isWhitespace).joined(separator: " ").replacing(
            ">PASSWORD", with: ">secret")
    }

    @Test("the user of the guide may do everything, on a server and with two commands more in a cluster")
    func guide() async throws {
        let gateway = RedisSettings.Credentials(username: "gateway", password: Secret("secret"))
        var options = RedisServerOptions()
        options.users = [try Self.userOfTheGuide()]
        let server = try RedisServer.started(options)
        let report = await look(standalone(server), gateway)
        #expect(report.findings.isEmpty, "\(report)")
        #expect(report.lines.last == "  rights: every command, key and channel of a gateway", "\(report)")
        #expect(!report.lines.contains { $0.contains("not needed") || $0.contains("not told") }, "\(report)")
        options.users = [try Self.userOfTheGuide() + " +cluster|slots +asking"]
        let cluster = try RedisCluster(masters: 3, replicasEach: 0, options: options)
        let whole = await look(.cluster(addresses(cluster.ports)), gateway)
        #expect(whole.findings.isEmpty, "\(whole)")
    }

    @Test("a policy that evicts is a warning")
    func eviction() async throws {
        let server = try RedisServer.started()
        try server.order("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        let report = await look(standalone(server))
        #expect(report.findings.map(\.isError) == [false], "\(report)")
        #expect(report.findings.first?.text.contains("maxmemory-policy is allkeys-lru") == true)
    }

    @Test("a clock that is off is a warning that says by how much")
    func clock() async throws {
        let server = try RedisServer.started()
        let report = await look(standalone(server), unixNanoseconds: { Self.wallClock() + 90_000_000_000 })
        let text = try #require(report.findings.first?.text, "\(report)")
        #expect(text.contains(/its clock is (90\d\d\d|899\d\d) ms behind this machine's/), "\(text)")
    }

    @Test("a wrong password, a wrong place and a replica are errors that name place and remedy")
    func errors() async throws {
        var options = RedisServerOptions()
        options.password = "right"
        let server = try RedisServer.started(options)
        let wrong = await look(standalone(server), .init(password: Secret("wrong")))
        #expect(wrong.findings.count == 1 && wrong.findings[0].isError, "\(wrong)")
        #expect(wrong.findings[0].text.contains("the username or the password is wrong"))
        #expect(wrong.findings[0].text.contains("correct username and passwordFile"))
        server.freeze()
        let frozen = await look(standalone(server), .init(password: Secret("right")))
        server.thaw()
        #expect(frozen.findings.first?.text.contains("it hangs") == true, "\(frozen)")
        let alone = await look(.cluster(addresses([server.port])), .init(password: Secret("right")))
        #expect(alone.findings.map(\.isError) == [false, true], "\(alone)")
        #expect(alone.findings.first?.text.contains("list nodes of a Redis Cluster") == true, "\(alone)")
        server.stop()
        let gone = await look(standalone(server))
        #expect(gone.findings.count == 1 && gone.findings[0].isError, "\(gone)")
        #expect(gone.findings[0].text.hasPrefix("store.redis.url, 127.0.0.1:\(server.port): "))
    }

    @Test("TLS with its authority is looked at like plain TCP, and another authority is an error")
    func tls() async throws {
        let certificates = try TestCertificates()
        var options = RedisServerOptions()
        options.tls = certificates.serverTLS()
        let server = try RedisServer.started(options)
        let topology = RedisSettings.Topology.standalone(RedisAddress(host: "127.0.0.1", port: server.tlsPort))
        let good = await look(
            topology,
            tls: try RedisTLS(
                authorityFile: certificates.authority.certificateFile, certificateFile: nil, keyFile: nil))
        #expect(good.findings.isEmpty, "\(good)")
        // The server's refusal and our own race: whichever is first, the way out is told.
        for _ in 0..<10 {
            let bad = await look(
                topology,
                tls: try RedisTLS(
                    authorityFile: certificates.otherAuthority.certificateFile, certificateFile: nil, keyFile: nil))
            #expect(bad.findings.first?.text.contains("tls.caFile") == true, "\(bad)")
        }
        let plain = await look(topology)
        #expect(plain.findings.first?.isError == true, "\(plain)")
    }

    @Test("B11 sentinels: each one's opinion, then the master; a wrong name is an error")
    func sentinels() async throws {
        let set = try SentinelSet()
        let places = addresses(set.sentinelPorts)
        let report = await look(.sentinel(addresses: places, masterName: set.masterName))
        #expect(report.findings.isEmpty, "\(report)")
        let opinions = report.lines.filter { $0.contains("1 replicas, 2 other sentinels, quorum 2") }
        #expect(opinions.count == 3, "\(report)")
        #expect(report.lines.contains { $0.contains(": master, replicas 127.0.0.1:") }, "\(report)")
        set.sentinels[0].stop()
        let two = await look(.sentinel(addresses: places, masterName: set.masterName))
        #expect(two.findings.map(\.isError) == [false], "\(two)")
        let wrong = await look(.sentinel(addresses: places, masterName: "other"))
        #expect(wrong.findings.contains { $0.isError && $0.text.contains("no sentinel names a master 'other'") })
    }

    @Test("B11 a cluster: slots of each master, and an error for the master that is not there")
    func cluster() async throws {
        let cluster = try RedisCluster(masters: 3, replicasEach: 0)
        let topology = RedisSettings.Topology.cluster(addresses(cluster.ports))
        let report = await look(topology)
        #expect(report.findings.isEmpty, "\(report)")
        #expect(report.lines.first == "cluster of 3 masters, 16384 of 16384 slots covered", "\(report)")
        #expect(report.lines.count { $0.contains(": master, 546") } == 3, "\(report)")
        #expect(report.lines.count { $0.contains("rights: every command") } == 3, "\(report)")
        cluster.nodes[1].kill9()
        let broken = await look(topology)
        #expect(broken.findings.contains { $0.isError && $0.text.contains("127.0.0.1:\(cluster.ports[1])") })
    }
}
