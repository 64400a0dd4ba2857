import Foundation
import LoadClient
import RedisFixtures
import Testing

@Suite("The audit log of a gateway", .serialized)
struct AuditLogTests {
    private func with(
        _ audit: String, prefix: [String] = [], _ test: @escaping @Sendable (AuditedGateway) throws -> Void
    ) async throws {
        try await offPool {
            let gateway = try AuditedGateway(audit: audit, prefix: prefix)
            defer { gateway.end() }
            try test(gateway)
        }
    }

    @Test("at full speed in block mode there is one record for each request, and the chain is whole")
    func allRequests() async throws {
        try await with(AuditedGateway.file(mode: "block")) { gateway in
            try gateway.start()
            let rate = Scale.of(1_500, soak: 20_000)
            let report = try Load.run(gateway, perSecond: rate, seconds: Scale.of(8, soak: 60))
            try gateway.stop()
            let sum = report.sum()
            let answered = sum.statuses.values.reduce(0, +)
            let counts = try gateway.counts()
            print("audit, block: \(sum.sent) sent, \(sum.statuses), records \(counts)")
            #expect(sum.connectionFailures == 0 && sum.unanswered == 0)
            #expect(answered == sum.sent)
            // What was refused for want of a record would have none: nothing was.
            #expect(sum.count(of: 500...599) == 0)
            #expect(counts.requests == answered)
            #expect(counts["request"] == sum.statuses[200])
            #expect(counts["audit_lost"] == nil && counts["audit_refused"] == nil)
            // Once for each of the two tokens; twice where both event loops saw it first at the same time.
            #expect((2...4).contains(counts["auth_success"] ?? 0))
            let (code, text) = try gateway.verify()
            #expect(code == 0, "\(text)")
            #expect(text.contains("closed"))
        }
    }

    @Test(
        "kill -9 under load: what waited to be written is all that is lost, the end is told, and the next start goes on"
    )
    func killed() async throws {
        try await with(AuditedGateway.file(mode: "block")) { gateway in
            try gateway.start()
            let report = try Load.run(gateway, perSecond: 1_000, seconds: 3) { gateway.kill9() }
            let lines = try String(contentsOfFile: gateway.log, encoding: .utf8).split(separator: "\n")
            let (code, text) = try gateway.verify()
            #expect(code == 1, "\(text)")
            #expect(text.contains("\(gateway.log):\(lines.count): open: gw-1"), "\(text)")
            #expect(text.contains("ends with record \(lines.count) of 20"), "\(text)")
            #expect(try gateway.verify(["--running"]).code == 0)
            // Written within a tenth of a second, and a machine that does other things may be late by three more.
            let answered = report.sum().statuses.values.reduce(0, +)
            let lost = answered - (try gateway.counts().requests)
            print("audit, kill -9: \(answered) answered, \(lost) of them without a record")
            #expect(answered > 500 && lost <= 400, "\(lost) of \(answered)")
            // As a machine that stops leaves it: within a record.
            let handle = try #require(FileHandle(forWritingAtPath: gateway.log))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data(#"{"version":1,"node":"gw-1","cha"#.utf8))
            try handle.close()
            #expect(try gateway.verify(["--running"]).text.contains(":\(lines.count + 1): truncated: "))

            try gateway.start()
            #expect(try gateway.send(token: try AuditedGateway.token()).status == 200)
            try gateway.stop()
            let (again, whole) = try gateway.verify()
            #expect(again == 0, "\(whole)")
            #expect(whole.contains("a crash cut it, as the next chain says"), "\(whole)")
            #expect(whole.contains("continued") && whole.contains("closed"))
        }
    }

    @Test("files that grow are moved under load, and all of them are one chain")
    func rotated() async throws {
        try await with(AuditedGateway.file(mode: "block", more: ", rotation: { bytesMax: 300000, keep: 500 }")) {
            gateway in
            try gateway.start()
            let report = try Load.run(gateway, perSecond: 1_500, seconds: 4)
            try gateway.stop()
            #expect(try gateway.files().count > 4)
            #expect(try gateway.counts().requests == report.sum().statuses.values.reduce(0, +))
            let (code, text) = try gateway.verify(files: try gateway.files().reversed())
            #expect(code == 0, "\(text)")
            let missing = try gateway.files().filter { !$0.hasSuffix(".2") }
            #expect(try gateway.verify(files: missing).text.contains("missing"))
        }
    }

    @Test("logrotate moves the file and sends SIGHUP: no record is lost, and the new file says what it follows")
    func hangUp() async throws {
        try await with(AuditedGateway.file(mode: "block")) { gateway in
            try gateway.start()
            let report = try Load.run(gateway, perSecond: 1_000, seconds: 3) {
                try FileManager.default.moveItem(
                    atPath: gateway.log, toPath: gateway.folder.file("log/audit.jsonl-old"))
                gateway.signal(SIGHUP)
                try Deadline.wait(for: "the new file", milliseconds: 5_000) {
                    FileManager.default.fileExists(atPath: gateway.log)
                }
            }
            try gateway.stop()
            let first = try String(contentsOfFile: gateway.log, encoding: .utf8).prefix { $0 != "\n" }
            #expect(first.contains(#""event":"audit_continue""#), "\(first)")
            #expect(try gateway.counts().requests == report.sum().statuses.values.reduce(0, +))
            let (code, text) = try gateway.verify()
            #expect(code == 0, "\(text)")
        }
    }

    @Test("a file that cannot grow: block refuses with 503 and health says why, and both end when it can grow again")
    func fullBlocking() async throws {
        try await with(AuditedGateway.file(mode: "block")) { gateway in
            try gateway.start()
            let token = try AuditedGateway.token()
            try Self.limitFile(gateway, bytes: "20000:unlimited")
            var refused = (status: 0, text: "")
            var served = 0
            try Deadline.wait(for: "a refusal", milliseconds: 20_000) {
                refused = try gateway.send(token: token)
                if refused.status == 200 { served += 1 }
                return refused.status == 503
            }
            #expect(refused.text.contains("audit_unavailable") && refused.text.lowercased().contains("retry-after: 1"))
            let health = try gateway.health()
            #expect(health.status == 503, "\(health.text)")
            #expect(health.text.contains("no request is served, because records cannot be kept"), "\(health.text)")
            #expect(health.text.contains("File too large"), "\(health.text)")
            #expect(try gateway.send(method: "GET", path: "/api/v1/agents", token: token).status == 503)
            try Self.limitFile(gateway, bytes: "unlimited:unlimited")
            try Deadline.wait(for: "an answer", milliseconds: 10_000) { try gateway.send(token: token).status == 200 }
            served += 1
            #expect(try gateway.health().status == 200)
            try gateway.stop()
            #expect(try gateway.counts()["request"] == served)
            #expect(try gateway.counts()["audit_refused"] ?? 0 >= 1)
            let (code, text) = try gateway.verify()
            #expect(code == 0, "\(text)")
        }
    }

    @Test("a file that cannot grow: drop serves, counts what is lost and says so where it is missing")
    func fullDropping() async throws {
        let audit = AuditedGateway.file(mode: "drop", more: ", bufferBytesMax: 1048576")
        try await with(audit) { gateway in
            try gateway.start()
            try Self.limitFile(gateway, bytes: "20000:unlimited")
            let report = try Load.run(gateway, perSecond: 1_500, seconds: 4)
            #expect(report.sum().count(of: 500...599) == 0)
            #expect(try gateway.health().text.contains("records are lost when the memory for them is full"))
            try Self.limitFile(gateway, bytes: "unlimited:unlimited")
            try Deadline.wait(for: "the output", milliseconds: 10_000) {
                try !gateway.health().text.contains("records are lost")
            }
            try gateway.stop()
            let (code, text) = try gateway.verify()
            #expect(code == 0, "\(text)")
            let lost = try #require(text.firstMatch(of: #/lost (\d+)/#).flatMap { Int($0.1) })
            let counts = try gateway.counts()
            #expect(lost > 0 && counts["audit_lost"] ?? 0 > 0)
            // Each request has a record or is counted, and so is each verification of the two tokens: by one event loop or both.
            let answered = report.sum().statuses.values.reduce(0, +)
            #expect((2...4).contains(counts.requests + lost + (counts["auth_success"] ?? 0) - answered))
        }
    }

    @Test("a full disk refuses requests until there is room", .enabled(if: getuid() == 0, "mounting needs root"))
    func fullDisk() async throws {
        try await with(AuditedGateway.file(mode: "block")) { gateway in
            let log = gateway.folder.file("log")
            try Self.command("mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs", log)
            defer { try? Self.command("umount", "-l", log) }
            try Data(repeating: 0, count: 200_000).write(to: URL(fileURLWithPath: log + "/filler"))
            try gateway.start()
            let token = try AuditedGateway.token()
            try Deadline.wait(for: "a refusal", milliseconds: 30_000) { try gateway.send(token: token).status == 503 }
            #expect(try gateway.health().text.contains("No space left on device"))
            try FileManager.default.removeItem(atPath: log + "/filler")
            try Deadline.wait(for: "an answer", milliseconds: 10_000) { try gateway.send(token: token).status == 200 }
            try gateway.stop()
            let (code, text) = try gateway.verify()
            #expect(code == 0, "\(text)")
        }
    }

    @Test("a read-only file: block does not start, drop serves and writes when it may")
    func readOnly() async throws {
        // Root may write to any file, so the gateway is somebody else.
        let prefix = getuid() == 0 ? ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"] : []
        for mode in ["block", "drop"] {
            try await with(AuditedGateway.file(mode: mode), prefix: prefix) { gateway in
                if getuid() == 0 { try Self.command("chown", "-R", "65534:65534", gateway.folder.path) }
                if getuid() == 0 { try Self.command("chmod", "755", gateway.folder.path) }
                try Data().write(to: URL(fileURLWithPath: gateway.log))
                try Self.command("chmod", "400", gateway.log)
                if getuid() == 0 { try Self.command("chown", "65534:65534", gateway.log) }
                guard mode == "drop" else {
                    let error = #expect(throws: FixtureError.self) { try gateway.start() }
                    let text = "\(error.map { "\($0)" } ?? "")"
                    #expect(text.contains("cannot be opened: Permission denied; audit.mode is block"), "\(text)")
                    return
                }
                try gateway.start()
                #expect(try gateway.send(token: try AuditedGateway.token()).status == 200)
                #expect(try gateway.health().text.contains("cannot be opened: Permission denied"))
                try Self.command("chmod", "600", gateway.log)
                try Deadline.wait(for: "records", milliseconds: 10_000) { try gateway.counts()["request"] == 1 }
                try gateway.stop()
                #expect(try gateway.verify().code == 0)
            }
        }
    }

    /// Sets how long files of the process may become.
    private static func limitFile(_ gateway: AuditedGateway, bytes: String) throws {
        try command("prlimit", "--pid", "\(gateway.identifier)", "--fsize=\(bytes)")
    }

    private static func command(_ words: String...) throws {
        _ = try SpawnedProcess.run(words, in: try PrivateFolder())
    }
}
