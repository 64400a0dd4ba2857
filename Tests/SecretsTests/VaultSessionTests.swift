import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import Secrets

/// Renewal and login by the clock, before a scripted Vault; the real server is in `OpenBaoTests`.
@Suite("The token of Vault")
struct VaultSessionTests {
    private static let secret = #"{"data":{"data":{"password":"hunter2"},"metadata":{"version":4}}}"#

    private static func auth(_ token: String, _ seconds: Int) -> String {
        #"{"auth":{"client_token":"\#(token)","lease_duration":\#(seconds),"renewable":true}}"#
    }

    private static func appRole(_ url: String = "https://vault.example") throws -> VaultSettings {
        try .local(url, login: .appRole(mount: "approle", roleId: "role", secretId: .env("SECRET_ID")))
    }

    private func source(
        _ time: ManualTime, waits: Bool = false, _ answer: @escaping ScriptedTransport.Answer
    ) throws -> (VaultSource, ScriptedTransport) {
        let transport = ScriptedTransport(answer)
        let around = time.surroundings(["SECRET_ID": "sesame"], waits: waits)
        return (VaultSource(try Self.appRole(), transport: transport, around: around), transport)
    }

    private func password(_ source: VaultSource) async throws(SourceFault) -> String {
        try await source.field("password", mount: "secret", path: "app/db", version: nil).text
    }

    @Test("is had by one login for many readers, sent in its header, and renewed at two thirds of its lease")
    func renewal() async throws {
        let time = ManualTime()
        let (source, transport) = try source(time) { request in
            switch request.path {
            case "/v1/auth/approle/login": .success(ServiceReply(200, Self.auth("s.1", 90)))
            case "/v1/auth/token/renew-self": .success(ServiceReply(200, Self.auth("s.1", 90)))
            default: .success(ServiceReply(200, Self.secret))
            }
        }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await self.password(source) } }
            for try await text in group { #expect(text == "hunter2") }
        }
        let logins = transport.requests.filter { $0.path.hasSuffix("/login") }
        #expect(logins.count == 1)
        #expect(String(decoding: logins[0].body, as: UTF8.self) == #"{"role_id":"role","secret_id":"sesame"}"#)
        #expect(logins[0].header("x-vault-token") == nil)
        let read = try #require(transport.requests.last)
        #expect(read.url == "https://vault.example/v1/secret/data/app/db")
        #expect(read.header("x-vault-token") == "s.1" && read.header("x-vault-request") == "true")
        time.advance(seconds: 59)
        _ = try await password(source)
        #expect(!transport.requests.contains { $0.path.hasSuffix("renew-self") })
        time.advance(seconds: 1)
        _ = try await password(source)
        #expect(transport.requests.filter { $0.path.hasSuffix("renew-self") }.count == 1)
    }

    @Test("is renewed while nobody asks for a secret")
    func background() async throws {
        let time = ManualTime()
        let (source, transport) = try source(time, waits: true) { request in
            request.path == "/v1/secret/data/app/db"
                ? .success(ServiceReply(200, Self.secret)) : .success(ServiceReply(200, Self.auth("s.1", 30)))
        }
        _ = try await password(source)
        let running = Task { await source.run() }
        for second in 1...20 {
            try Deadline.wait(for: "the loop to wait", milliseconds: 5_000) { time.sleepersCount == 1 }
            #expect(!transport.requests.contains { $0.path.hasSuffix("renew-self") }, "after \(second - 1) s")
            time.advance(seconds: 1)
        }
        try Deadline.wait(for: "the renewal", milliseconds: 5_000) {
            transport.requests.contains { $0.path.hasSuffix("renew-self") }
        }
        running.cancel()
        time.advance(seconds: 3_600)
        await running.value
    }

    @Test("that was revoked is replaced by a login, once")
    func revoked() async throws {
        let logins = Mutex(0)
        let (source, transport) = try source(ManualTime()) { request in
            if request.path.hasSuffix("/login") {
                let count = logins.withLock { count in
                    count += 1
                    return count
                }
                return .success(ServiceReply(200, Self.auth("s.\(count)", 90)))
            }
            return request.header("x-vault-token") == "s.1"
                ? .success(ServiceReply(403, #"{"errors":["permission denied"]}"#))
                : .success(ServiceReply(200, Self.secret))
        }
        #expect(try await password(source) == "hunter2")
        #expect(logins.withLock { $0 } == 2 && transport.requests.count == 4)
    }

    @Test("a policy that forbids the path is told after one more login, not tried for ever")
    func forbidden() async throws {
        let (source, transport) = try source(ManualTime()) { request in
            request.path.hasSuffix("/login")
                ? .success(ServiceReply(200, Self.auth("s.1", 90)))
                : .success(ServiceReply(403, #"{"errors":["1 error occurred:\n\t* permission denied\n\n"]}"#))
        }
        let found = await fault { () async throws(SourceFault) in try await password(source) }
        #expect(found?.kind == .denied)
        #expect(found?.problem.contains("reading secret/app/db") == true)
        #expect(found?.problem.contains("policy of its token") == true)
        #expect(found?.problem.contains("\n") == false)
        #expect(transport.requests.count == 4)
    }

    @Test("a renewal that fails leaves the token in force until its end, then a login takes its place")
    func outage() async throws {
        let time = ManualTime()
        let isDown = Mutex(false)
        let (source, transport) = try source(time) { request in
            if request.path.hasSuffix("/db") { return .success(ServiceReply(200, Self.secret)) }
            if isDown.withLock({ $0 }) { return .failure(SourceFault(.unavailable, "away")) }
            return .success(ServiceReply(200, Self.auth("s.1", 30)))
        }
        _ = try await password(source)
        isDown.withLock { $0 = true }
        time.advance(seconds: 25)
        #expect(try await password(source) == "hunter2")
        #expect(time.events.contains(.vaultTokenTrouble("away")))
        time.advance(seconds: 5)
        for _ in 0..<2 {
            #expect(await fault { () async throws(SourceFault) in try await password(source) }?.problem == "away")
        }
        #expect(time.events.filter(\.isTrouble).count == 1, "an outage is told once: \(time.events)")
        isDown.withLock { $0 = false }
        #expect(try await password(source) == "hunter2")
        #expect(transport.requests.filter { $0.path.hasSuffix("/login") }.count == 4)
    }

    @Test("of somebody else's making is read anew when it is refused")
    func tokenFile() async throws {
        let folder = try PrivateFolder()
        let file = try folder.write("token", "s.old\n")
        let transport = ScriptedTransport { request in
            if request.path.hasSuffix("lookup-self") {
                return request.header("x-vault-token") == "s.old" || request.header("x-vault-token") == "s.new"
                    ? .success(ServiceReply(200, #"{"data":{"ttl":0,"renewable":false}}"#))
                    : .success(ServiceReply(403, ""))
            }
            return request.header("x-vault-token") == "s.new"
                ? .success(ServiceReply(200, Self.secret)) : .success(ServiceReply(403, "{}"))
        }
        let settings = try VaultSettings.local("https://vault.example", login: .token(.file(file)))
        let source = VaultSource(settings, transport: transport, around: ManualTime().surroundings())
        #expect(await fault { () async throws(SourceFault) in try await password(source) }?.kind == .denied)
        _ = try folder.write("token", "s.new\n")
        #expect(try await password(source) == "hunter2")
    }

    @Test(
        "answers that are none of Vault's are refused and not shown",
        arguments: [
            "", "<html>", "[]", #"{"data":{}}"#, #"{"data":{"data":{"password":7}}}"#,
            #"{"data":{"data":{"password":""}}}"#,
            #"{"data":{"data":{"other":"hunter2"}}}"#, #"{"data":{"data":null}}"#,
        ])
    func rubbish(_ body: String) async throws {
        let (source, _) = try source(ManualTime()) { request in
            .success(ServiceReply(200, request.path.hasSuffix("/login") ? Self.auth("s.1", 90) : body))
        }
        let found = await fault { () async throws(SourceFault) in try await password(source) }
        #expect(found?.kind == .unusable || found?.kind == .missing)
        #expect(found?.problem.contains("hunter2") == false)
    }

    @Test(
        "a login without a token is refused",
        arguments: [
            "{}", #"{"auth":null}"#, #"{"auth":{"client_token":"","lease_duration":1}}"#,
            #"{"auth":{"client_token":"x"}}"#,
            #"{"auth":{"client_token":"x","lease_duration":-1}}"#,
        ])
    func noLogin(_ body: String) async throws {
        let (source, _) = try source(ManualTime()) { _ in .success(ServiceReply(200, body)) }
        #expect(await fault { () async throws(SourceFault) in try await password(source) }?.kind == .unusable)
    }
}
