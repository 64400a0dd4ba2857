import Foundation
import RedisFixtures
import Testing

/// What operators see, and the proof that it is looked at.
extension LeakScanTests {
    /// Every page of the admin plane, refusals of the wrong administrator, and files with secrets in the wrong places.
    static func administer(_ house: LeakHouse, _ scan: inout LeakScan) async throws {
        for (index, port) in house.adminPorts.enumerated() {
            for page in ["/metrics", "/health", "/health/live", "/health/ready", "/"] {
                scan.add("\(page) of \(index)", try PlainHTTP.get(page, port: port))
            }
            let document = try PlainHTTP.get("/admin/v1/openapi.json", token: house.admin, port: port)
            let pages = try readable(document)
            #expect(pages.count >= 7, "\(pages)")
            for page in pages {
                let text = try PlainHTTP.get(page, token: house.admin, port: port)
                #expect(page.contains("{") || page.contains("bucket") || text.contains(" 200 "), "\(page): \(text)")
                scan.add("\(page) of \(index)", text)
                scan.add(
                    "\(page) of \(index), refused",
                    try PlainHTTP.get(page, token: "wrong-admin-token-77ab03e9", port: port))
            }
            for action in ["config/check", "config/reload", "jwks/refresh", "node/drain", "node/undrain"] {
                scan.add(action, try PlainHTTP.post("/admin/v1/\(action)", token: house.admin, port: port))
                scan.add(action, try PlainHTTP.post("/admin/v1/\(action)", token: house.user, port: port))
            }
        }
        let rotated = try PlainHTTP.post("/admin/v1/keys/rotate", token: house.admin, port: house.adminPorts[0])
        #expect(rotated.contains(" 200 "), "\(rotated)")
        scan.add("keys/rotate", rotated)
        try await misplace(house, &scan)
    }

    /// The pages that are read by GET, from the document of the server itself.
    private static func readable(_ answer: String) throws -> [String] {
        let body = answer.components(separatedBy: "\r\n\r\n").dropFirst().joined(separator: "\r\n\r\n")
        let root = try #require(JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any], "\(answer)")
        let paths = try #require(root["paths"] as? [String: [String: Any]])
        return paths.filter { $0.value["get"] != nil && $0.key.hasPrefix("/admin/") }.map(\.key).sorted()
    }

    /// Files whose secrets stand where they must not; what is said of them names the place and not the secret.
    private static func misplace(_ house: LeakHouse, _ scan: inout LeakScan) async throws {
        let secret = "misplaced-secret-0b7d9f3355"
        let good = house.configuration(1)
        let broken = [
            good.replacingOccurrences(of: "keyFile: audit.key", with: "key: \(secret)"),
            good.replacingOccurrences(of: "sealFile:", with: "sealfile: \(secret), x:"),
            good.replacingOccurrences(of: "password: \"", with: "password: { a: \(secret) }, y: \""),
            good.replacingOccurrences(of: "redis://127.0.0.1", with: "redis://u:\(secret)@127.0.0.1:x"),
            good.replacingOccurrences(of: "tokenFile: vault.token", with: "tokenFile: [\(secret)]"),
            good.replacingOccurrences(of: "secret://env/LEAK_NODE_SECRET", with: "secret://\(secret)/x"),
            good.replacingOccurrences(of: "formerSecretFile: former.key", with: "formerSecret: \(secret)"),
        ]
        #expect(Set(broken).count == 7 && !broken.contains(good))
        for (number, text) in broken.enumerated() {
            try house.folder.write(text, to: "gateway1.yaml")
            for action in ["config/check", "config/reload"] {
                scan.add(
                    "\(action) of file \(number)",
                    try PlainHTTP.post("/admin/v1/\(action)", token: house.admin, port: house.adminPorts[1]))
            }
            let checked = try await house.command("check", "--config", house.folder.path("gateway1.yaml"))
            #expect(number == 0 || checked.code != 0, "file \(number): \(checked.text)")
            scan.add("check of file \(number)", checked.text)
        }
        try house.folder.write(good, to: "gateway1.yaml")
        let ring = try String(contentsOfFile: house.folder.path("ring.json"), encoding: .utf8)
        for text in [
            #"{"keys": [{"id": "x", "key": "\#(secret)"}]}"#, "keys: \(secret)", #"{"\#(secret)": 1}"#, secret,
        ] {
            try house.folder.write(text, to: "ring.json")
            scan.add(
                "a broken ring",
                try PlainHTTP.post("/admin/v1/config/reload", token: house.admin, port: house.adminPorts[0]))
            scan.add(
                "check of a broken ring",
                try await house.command(
                    "emcl", "open", "--ring", house.folder.path("ring.json"), house.folder.path("plain.json")
                ).text)
        }
        try house.folder.write(ring, to: "ring.json")
    }

    /// `check` in all its forms, with the right password of Redis and with a wrong one.
    static func check(_ house: LeakHouse, _ scan: inout LeakScan) async throws {
        let file = house.folder.path("gateway1.yaml")
        for words in [[], ["--secrets"], ["--redis"], ["--production"], ["--production", "--json"]] {
            let (_, text) = try await ChildProcess.run(
                ChildProcess.intentusnet, ["check", "--config", file] + words, environment: house.environment)
            scan.add("check \(words.joined(separator: " "))", text)
        }
        try house.folder.write(
            house.configuration(1, password: "wrong-redis-password-ee41"), to: "wrong.yaml")
        let wrong = try await ChildProcess.run(
            ChildProcess.intentusnet, ["check", "--config", house.folder.path("wrong.yaml"), "--redis"],
            environment: house.environment)
        #expect(wrong.code != 0, "\(wrong.text)")
        scan.add("check --redis with a wrong password", wrong.text)
    }

    /// That there was something to look through: a scan of nothing finds nothing.
    static func expectSubstance(_ scan: LeakScan, _ worker: SecretiveWorker) {
        func text(_ name: String) -> String {
            scan.places.filter { $0.name.hasSuffix(name) }.map { String(decoding: $0.bytes, as: UTF8.self) }.joined()
        }
        #expect(scan.byteCount > 200_000)
        for event in ["request", "auth_failure", "emcl_failure", "admin_action", "key_rotation", "peer_refused"] {
            #expect(text("audit0.jsonl").contains(#""event":"\#(event)""#), "\(event)")
        }
        #expect(text("the log of gateway 0").contains("Redis lost"))
        #expect(text("what Redis was told").contains(#""replay""#) || text("what Redis was told").contains("replay"))
        #expect(text("Redis, names").contains("intentusnet"))
        #expect(text("/metrics of 0").contains("intentusnet_emcl_failures_total"))
        #expect(text("traces.record").contains("resourceSpans") && text("traces.record").contains("SummarizeIntent"))
        #expect(text("traces.record").lowercased().contains("x-receiver-token: of 46 bytes"))
        #expect(text("a rotation without Vault").contains("KEY_SOURCE_UNAVAILABLE"))
        #expect(text("the answer to TellIntent").contains("<redacted>"))
        #expect(worker.log.contains("the key is <redacted>"), "\(worker.log)")
    }

    /// Puts secrets into a Redis, a log, a record and an answer, as something would that leaks.
    static func plant(_ house: LeakHouse, _ secrets: [KnownSecret], _ clean: LeakScan) throws {
        var scan = LeakScan()
        let forms = secrets[0].forms
        func planted(_ number: Int) -> String { String(decoding: forms[number].bytes, as: UTF8.self) }
        try house.redis.start()
        try house.redis.order("SET", "intentusnet:planted", "x" + planted(1))
        try house.redis.order("HSET", "intentusnet:hash", "field", planted(9) + "=")
        try house.redis.order("XADD", "intentusnet:stream", "*", "field", planted(3))
        try house.redis.order("ZADD", "intentusnet:set", "1", planted(0))
        try scan.add(redis: house.redis)
        try house.folder.write(#"{"event":"request","detail":"\#(planted(5))"}"#, to: "planted.jsonl")
        try scan.add(file: house.folder.path("planted.jsonl"))
        for place in clean.places where place.name.hasPrefix("the log of gateway") {
            scan.add(place.name, String(decoding: place.bytes, as: UTF8.self) + planted(8))
        }
        let found = Set(scan.leaks(of: secrets).map { "\($0.form) in \($0.place.split(separator: "/").last ?? "")" })
        let wanted = [
            "hex in Redis, intentusnet:planted", "base64 at 0 in Redis, intentusnet:hash",
            "percent in Redis, intentusnet:stream", "plain in Redis, intentusnet:set", "JSON escapes in planted.jsonl",
            "decimal list in the log of gateway 0", "decimal list in the log of gateway 1",
        ]
        for leak in wanted { #expect(found.contains(leak), "\(leak): \(found)") }
    }
}
