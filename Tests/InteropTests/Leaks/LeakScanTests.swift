import Foundation
import RedisFixtures
import Testing

/// Known secrets enter in every place where one can, good and bad requests follow, and all that came out is looked through.
@Suite("Nothing leaks", .serialized)
struct LeakScanTests {
    /// What entered by requests: nothing of it may be told to anybody but the worker that it was for.
    private static let told = [
        KnownSecret("a payload", "payload-4916338506082832"), KnownSecret("a wrong token", "wrong-token-8c1f6b7d20e5"),
        KnownSecret("a wrong administrator's token", "wrong-admin-token-77ab03e9"),
        KnownSecret("a basic password", "basic-password-5ff0a1c2"), KnownSecret("a cookie", "cookie-value-93d0b7aa41"),
        KnownSecret("a token in the query", "query-token-60c3fe1188"),
        KnownSecret("a wrong signature", "wrong-signature-12ab90cd"),
        KnownSecret("a wrong password of Redis", "wrong-redis-password-ee41"),
        KnownSecret("a secret in a wrong place of a file", "misplaced-secret-0b7d9f3355"),
    ]

    @Test("the scan finds a secret in every form, in the middle of other text")
    func canFail() throws {
        let secret = KnownSecret("binary", (0..<32).map { UInt8(truncatingIfNeeded: 0x1F &+ $0 &* 37) })
        let forms = secret.forms
        #expect(Set(forms.map(\.name)).count == 15)
        for (name, bytes) in forms {
            var scan = LeakScan()
            scan.add("text", "before \(String(decoding: bytes, as: Unicode.ASCII.self)) after")
            if name != "plain" { #expect(scan.leaks(of: [secret]).contains { $0.form == name }, "\(name)") }
        }
        // By other hands than ours, at each place of a group of three, with neighbours.
        for offset in 0..<3 {
            var scan = LeakScan()
            let neighbours = [UInt8](repeating: 0xA5, count: offset)
            scan.add("text", "x" + Data(neighbours + secret.bytes + [0x5A, 0xFF, 1]).base64EncodedString() + "y")
            #expect(scan.leaks(of: [secret]).contains { $0.form == "base64 at \(offset)" }, "\(offset)")
        }
        var none = LeakScan()
        none.add("text", Data(secret.bytes.reversed()).base64EncodedString())
        #expect(none.leaks(of: [secret]).isEmpty)
    }

    @Test(
        "of secrets in gateway.yaml, Vault, AWS, files, variables and requests none is in a log, record, metric, span, answer or Redis",
        .enabled(if: RedisServer.isInstalled), .timeLimit(.minutes(5)))
    func everything() async throws {
        let house = try await LeakHouse()
        defer { house.folder.remove() }
        let vaultToken = try String(contentsOfFile: house.folder.path("vault.token"), encoding: .utf8)
        let secretive = try await SecretiveWorker.start(
            port: house.secretivePort, vault: house.vault, token: vaultToken)
        let monitor = try ChildProcess(
            "redis-cli",
            [
                "-p", "\(house.redis.port)", "--user", RedisLogin.fixture.user, "--pass", RedisLogin.fixture.password,
                "--no-auth-warning", "monitor",
            ])
        try await eventually("the monitor; it said \(monitor.text)") { monitor.text.contains("OK") }
        for recorder in house.recorders {
            try await eventually("the recorders: \(recorder.text)") { recorder.text.contains("recording") }
        }
        let (worker, gateways) = (try house.worker(), [try house.gateway(0), try house.gateway(1)])
        var scan = LeakScan()
        do {
            for index in 0...1 {
                try await eventually("gateway \(index): \(gateways[index].text)") {
                    gateways[index].text.contains("listening")
                }
            }
            try await Self.askWell(house, &scan)
            try await Self.askBadly(house, &scan)
            try await Self.administer(house, &scan)
            try await Self.check(house, &scan)
            try scan.add(redis: house.redis)
            // Redis goes away under the gateways, and they say so.
            house.redis.kill9()
            scan.add("an answer without Redis", try await Self.ask(house, 1, "TellIntent"))
            // And so does Vault, which a rotation asks.
            house.vault.kill9()
            scan.add(
                "a rotation without Vault",
                try PlainHTTP.post("/admin/v1/keys/rotate", token: house.admin, port: house.adminPorts[1]))
        } catch {
            for process in gateways + [worker, monitor] + house.recorders { await process.stop() }
            await secretive.stop()
            throw error
        }
        for process in gateways + [worker, monitor] { await process.stop() }
        for process in house.recorders { await process.stop() }
        await secretive.stop()
        try scan.add(file: house.folder.path("traces.record"))
        let logins = try house.loginTokens()
        #expect(!logins.isEmpty, "a gateway logged in by its role")
        for index in 0...1 {
            scan.add("the log of gateway \(index)", gateways[index].text)
            try scan.add(file: house.folder.path("audit\(index).jsonl"))
        }
        scan.add("the log of the worker", worker.text)
        scan.add("the log of the worker with secrets", secretive.log)
        scan.add("what Redis was told", monitor.text)
        let ring = try String(contentsOfFile: house.folder.path("ring.json"), encoding: .utf8)
        let rotated = ring.matches(of: #/"id": "([^"]+)", "key": "([^"]+)"/#).compactMap { match in
            Data(base64Encoded: String(match.2)).map { KnownSecret("key \(match.1)", Array($0)) }
        }
        #expect(rotated.count == 2, "the rotation made a key")
        let secrets = house.secrets + Self.told + rotated + logins
        Self.expectSubstance(scan, secretive)
        for leak in scan.leaks(of: secrets) { Issue.record("\(leak)") }
        // The same scan, of the same places, finds what is planted there.
        try Self.plant(house, secrets, scan)
    }

    private static func ask(_ house: LeakHouse, _ index: Int, _ intent: String) async throws -> String {
        try await house.post(
            index, LeakHouse.envelope(intent, #"{"card":"payload-4916338506082832"}"#),
            headers: ["authorization: Bearer \(house.user)"])
    }

    /// What is answered well: its body is the caller's own, its head is nobody's.
    private static func askWell(_ house: LeakHouse, _ scan: inout LeakScan) async throws {
        for index in 0...1 {
            let answer = try await ask(house, index, "SummarizeIntent")
            #expect(answer.contains(" 200 "), "\(answer)")
            scan.add("the head of an answer", answer.components(separatedBy: "\r\n\r\n")[0])
            for intent in ["TellIntent", "StumbleIntent", "MissIntent"] {
                scan.add("the answer to \(intent)", try await ask(house, index, intent))
            }
            for (profile, ring) in [("v2", "ring.json"), ("v1", "ring.json")] {
                let sealed = try await seal(house, profile, ring)
                let answer = try await house.post(index, sealed, headers: ["authorization: Bearer \(house.user)"])
                #expect(answer.contains(" 200 "), "\(profile): \(answer)")
                scan.add("a sealed answer", answer)
            }
        }
        let signed = try await ChildProcess.run(
            ChildProcess.intentusnet,
            [
                "send", "TellIntent", "--gateway", house.dataURL(1), "--payload", "{}", "--node-id", "edge-1",
            ],
            environment: [
                "INTENTUSNET_TOKEN": house.user, "INTENTUSNET_NODE_SECRET": house.environment["LEAK_NODE_SECRET"] ?? "",
            ])
        #expect(signed.code == 0, "\(signed.text)")
        scan.add("a command that signs", signed.text)
    }

    static func seal(_ house: LeakHouse, _ profile: String, _ ring: String) async throws -> String {
        try house.folder.write(
            LeakHouse.envelope("SummarizeIntent", #"{"card":"payload-4916338506082832"}"#), to: "plain.json")
        let (code, text) = try await house.command(
            "emcl", "seal", "--ring", house.folder.path(ring), "--profile", profile, "--caller", "user:alice",
            "--tenant",
            "acme", house.folder.path("plain.json"))
        guard code == 0 else { throw ChildProcess.Failure(description: "emcl seal: \(text)") }
        return text
    }

    /// What is refused, whole.
    private static func askBadly(_ house: LeakHouse, _ scan: inout LeakScan) async throws {
        let good = LeakHouse.envelope("SummarizeIntent", #"{"card":"payload-4916338506082832"}"#)
        let bearer = "authorization: Bearer \(house.user)"
        let (sealed, marker) = (try await seal(house, "v2", "ring.json"), "payload-4916338506082832")
        let cut = String(house.user.dropLast(30)) + "wrong-token-8c1f6b7d20e5"
        let attempts: [(body: String, headers: [String], path: String)] = [
            (good, ["authorization: Bearer wrong-token-8c1f6b7d20e5"], "/api/v1/intent"),
            (good, ["authorization: Bearer \(cut)"], "/api/v1/intent"),
            (
                good, ["authorization: Basic " + Data("u:basic-password-5ff0a1c2".utf8).base64EncodedString()],
                "/api/v1/intent"
            ),
            (
                good, ["cookie: session=cookie-value-93d0b7aa41", "x-api-key: cookie-value-93d0b7aa41"],
                "/api/v1/intent"
            ),
            (good, [bearer], "/api/v1/intent?access_token=query-token-60c3fe1188"),
            (good, [bearer, bearer], "/api/v1/intent"),
            (
                good,
                [
                    bearer, "x-intentus-node-id: edge-1", "x-intentus-node-ts: \(Int(Date().timeIntervalSince1970))",
                    "x-intentus-node-signature: wrong-signature-12ab90cd",
                ], "/api/v1/intent"
            ),
            (String(good.dropLast(40)), [bearer], "/api/v1/intent"),
            (String(good.dropLast(40)), [], "/intent"),
            (good.replacingOccurrences(of: #"{"card""#, with: #"{"card": 1e999, "card""#), [bearer], "/api/v1/intent"),
            (LeakHouse.envelope("SummarizeIntent", #""\#(marker)""#), [bearer], "/api/v1/intent"),
            (
                LeakHouse.envelope("SummarizeIntent", "{}", more: #","unknown":"\#(marker)""#), [bearer],
                "/api/v1/intent"
            ),
            (
                LeakHouse.envelope("SummarizeIntent", "{}", more: #","priority":"\#(marker)""#), [bearer],
                "/api/v1/intent"
            ),
            (LeakHouse.envelope("NobodyIntent", #"{"card":"\#(marker)"}"#), [bearer], "/api/v1/intent"),
            (
                sealed.replacingOccurrences(of: #""cipherText":""#, with: #""cipherText":"AAAA"#), [bearer],
                "/api/v1/intent"
            ),
            (sealed.replacingOccurrences(of: "first", with: "other"), [bearer], "/api/v1/intent"),
            (sealed.replacingOccurrences(of: "user:alice", with: marker), [bearer], "/api/v1/intent"),
            (marker, [bearer], "/api/v1/agents/summarizer/instances/\(marker)"),
        ]
        for (number, attempt) in attempts.enumerated() {
            for index in 0...1 {
                let answer = try await house.post(index, attempt.body, headers: attempt.headers, path: attempt.path)
                #expect(attempt.path == "/intent" || !answer.contains(" 200 "), "attempt \(number): \(answer)")
                scan.add("refusal \(number)", answer)
            }
        }
    }
}
