extension RedisCheck {
    private static let pingCount = 20
    private static let clockDifferenceMillisecondsMax: Int64 = 1_000

    /// Looks at one server that is to take writes.
    ///
    /// - Parameters:
    ///   - place: the key of the configuration that leads there.
    ///   - slotCount: how many slots of a cluster it owns.
    func server(
        _ address: RedisAddress, as peer: RedisConnector.Peer, place: String, slotCount: Int? = nil
    ) async -> RedisReport {
        var report = RedisReport()
        let at = "\(place), \(address)"
        let connection: RedisConnection
        do throws(RedisConnector.Fault) {
            connection = try await connector.connect(to: address, as: peer)
        } catch {
            report.lines.append("server \(address): not usable")
            report.error("\(at): \(error.reason); \(Self.remedy(error.reason))")
            return report
        }
        let user = await user(connection)
        let info = await information(connection)
        report.lines.append(Self.headline(address, info, user, slotCount))
        if info["role"] == "slave" {
            report.error("\(at): it is a replica and takes no writes; wait for the failover to end, or name the master")
        }
        release(info, at, &report)
        await timing(connection, at, &report)
        await scripts(connection, at, &report)
        await memory(connection, info, at, &report)
        // Last, because a connection that has subscribed is good for nothing else.
        await rights(connection, user, at, &report)
        connector.close(connection, "done")
        return report
    }

    private func user(_ connection: RedisConnection) async -> String {
        guard case .success(let reply) = await ask(connection, CommandWords("ACL", "WHOAMI")), let name = reply.text
        else { return settings.credentials.username ?? "default" }
        return name
    }

    /// The lines `name:value` of INFO; empty where the user may not ask.
    private func information(_ connection: RedisConnection) async -> [Substring: Substring] {
        guard case .success(let reply) = await ask(connection, CommandWords("INFO")), let text = reply.text else {
            return [:]
        }
        return RedisMemory.fields(of: text)
    }

    /// Whether the server is a release in which whoever may run scripts can take it over.
    private func release(_ info: [Substring: Substring], _ at: String, _ report: inout RedisReport) {
        // Others that speak its protocol say which Redis they are like, and have releases of their own.
        if let name = info["server_name"], name != "redis" {
            report.lines.append("  release: \(name) \(info["\(name)_version"] ?? ""), not judged here")
            return
        }
        guard let version = info["redis_version"].flatMap(RedisVersion.init), version.isVulnerable else { return }
        report.warning(
            "\(at): Redis \(version) as it was released has CVE-2025-49844: who may run scripts can take the server over. It is "
                + "mended in \(RedisVersion.mendedText) and later; packages of distributions may carry the fix under an older "
                + "number, as Debian 12 does from 7.0.15-1~deb12u6 on: look at the package's changelog, or update")
    }

    private static func headline(
        _ address: RedisAddress, _ info: [Substring: Substring], _ user: String, _ slotCount: Int?
    ) -> String {
        var words = ["server \(address): \(info["role"] ?? "role not told to this user")"]
        if let slotCount { words.append("\(slotCount) slots") }
        if let count = info["connected_slaves"].flatMap({ Int($0) }) {
            // `slave0:ip=10.0.0.2,port=6379,state=online,…`
            let replicas = (0..<min(count, 16)).compactMap { info["slave\($0)"] }.map { line in
                let fields = line.split(separator: ",").map { $0.split(separator: "=").last ?? "" }
                return fields.count > 2 ? "\(fields[0]):\(fields[1]) \(fields[2])" : String(line)
            }
            words.append(count == 0 ? "no replicas" : "replicas \(replicas.joined(separator: " and "))")
        }
        words.append(info["redis_version"].map { "version \($0)" } ?? "version not told to this user")
        words.append("user '\(user)'")
        return words.joined(separator: ", ")
    }

    /// How long answers take, and how far the clocks are apart.
    private func timing(_ connection: RedisConnection, _ at: String, _ report: inout RedisReport) async {
        var microseconds: [Int64] = []
        for _ in 0..<Self.pingCount {
            let asked = RedisConnection.now()
            switch await ask(connection, CommandWords("PING")) {
            // An ACL that forbids it is an answer too, and is told with the other rights.
            case .success, .failure(.refused): break
            case .failure: continue
            }
            microseconds.append((RedisConnection.now() - asked) / 1_000)
        }
        microseconds.sort()
        guard let longest = microseconds.last, microseconds.count == Self.pingCount else {
            report.error(
                "\(at): \(Self.pingCount - microseconds.count) of \(Self.pingCount) pings had no answer within "
                    + "\(settings.connectTimeoutMilliseconds) ms; look at the server's load and the way to it")
            return
        }
        let median = microseconds[microseconds.count / 2]
        report.lines.append(
            "  round trip: median \(Self.milliseconds(median)), at most \(Self.milliseconds(longest)) "
                + "of \(Self.pingCount) pings")
        if median * 2 > budgetMilliseconds * 1_000 {
            report.warning(
                "\(at): half the round trips take \(Self.milliseconds(median)), and a request waits no longer than "
                    + "\(budgetMilliseconds) ms (store.redis.budgetMilliseconds); move Redis nearer")
        }
        await clock(connection, at, &report)
    }

    private func clock(_ connection: RedisConnection, _ at: String, _ report: inout RedisReport) async {
        let (before, asked) = (unixNanoseconds(), RedisConnection.now())
        guard case .success(let reply) = await ask(connection, CommandWords("TIME")), let numbers = reply.array,
            numbers.count == 2, let seconds = numbers[0].integer, let rest = numbers[1].integer
        else { return }
        let ours = (before + (RedisConnection.now() - asked) / 2) / 1_000_000
        let difference = seconds * 1_000 + rest / 1_000 - ours
        let side = difference < 0 ? "behind" : "ahead of"
        report.lines.append("  clock: \(abs(difference)) ms \(side) this machine's")
        guard abs(difference) > Self.clockDifferenceMillisecondsMax else { return }
        report.warning(
            "\(at): its clock is \(abs(difference)) ms \(side) this machine's, by which tokens are judged; set both "
                + "by NTP")
    }

    /// Makes the scripts known, as every connection of a node does.
    private func scripts(_ connection: RedisConnection, _ at: String, _ report: inout RedisReport) async {
        let all = RedisBucketAuthority.scripts + StoreScripts.all
        var loaded = 0
        for script in all {
            switch await ask(connection, CommandWords("SCRIPT", "LOAD", script.text)) {
            case .success(let digest) where digest.bytes == script.digest: loaded += 1
            case .success: report.error("\(at): it names another digest for script '\(script.name)'; it is not a Redis")
            // Told with the other rights that are missing.
            case .failure(.refused(let error)) where error.kind == "NOPERM": continue
            case .failure(let failure):
                report.error(
                    "\(at): script '\(script.name)' does not load: \(failure); gateways need Redis 5 or later with Lua")
            }
        }
        report.lines.append("  scripts: \(loaded) of \(all.count) load")
    }

    private func memory(
        _ connection: RedisConnection, _ info: [Substring: Substring], _ at: String, _ report: inout RedisReport
    ) async {
        var policy = info["maxmemory_policy"].map(String.init)
        if policy == nil,
            case .success(let reply) = await ask(connection, CommandWords("CONFIG", "GET", "maxmemory-policy"))
        {
            policy = reply.array?.last?.text
        }
        guard let policy else {
            report.lines.append("  memory: maxmemory-policy not told to this user; it should be noeviction")
            return
        }
        let bound = info["maxmemory"].map { $0 == "0" ? ", no maxmemory" : ", maxmemory \($0) bytes" }
        report.lines.append("  memory: maxmemory-policy \(policy)\(bound ?? "")")
        guard policy != "noeviction" else { return }
        report.warning(
            "\(at): maxmemory-policy is \(policy): a bucket that is evicted is full again and admits more than its "
                + "limit; CONFIG SET maxmemory-policy noeviction, and the same in redis.conf")
    }

    private static func milliseconds(_ microseconds: Int64) -> String {
        let hundredths = (microseconds + 5) / 10
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100) ms"
    }
}
