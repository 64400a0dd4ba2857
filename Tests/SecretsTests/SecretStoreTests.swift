import IntentProtocol
import RedisFixtures
import Synchronization
import Testing

@testable import Secrets

@Suite("The store of secrets")
struct SecretStoreTests {
    private static let reference = SecretReference.known("secret://aws-secrets-manager/app")

    private struct Fixture {
        let time = ManualTime()
        let transport: ScriptedTransport
        let store: SecretStore

        init(waits: Bool = false, limits: SecretStore.Limits = .init(), _ answer: @escaping ScriptedTransport.Answer)
            throws
        {
            transport = ScriptedTransport(answer)
            let keys = ["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "k", "PASSWORD": "from-env"]
            let around = time.surroundings(keys, waits: waits)
            let aws = AWSSource(try .local("http://127.0.0.1:1"), transport: transport, around: around)
            let sources = SecretSources(
                local: LocalSecrets(around), vault: .failure(SourceFault(.notConfigured, "no Vault")),
                aws: .success(aws))
            store = SecretStore(sources, limits: limits, around: around)
        }

        func text() async throws(SecretFault) -> String { try await store.current(SecretStoreTests.reference).text }
    }

    private static func value(_ text: String) -> Result<ServiceReply, SourceFault> {
        .success(ServiceReply(200, #"{"SecretString":"\#(text)","VersionId":"v-\#(text)"}"#))
    }
    private static let away = Result<ServiceReply, SourceFault>.failure(SourceFault(.unavailable, "AWS is away"))

    @Test("asks once for all who wait, and not again while the value is fresh")
    func once() async throws {
        let fixture = try Fixture { _ in Self.value("one") }
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await fixture.text() } }
            for try await text in group { #expect(text == "one") }
        }
        #expect(fixture.transport.requests.count == 1)
        fixture.transport.become { _ in Self.value("two") }
        fixture.time.advance(seconds: 299)
        #expect(try await fixture.text() == "one")
        fixture.time.advance(seconds: 1)
        #expect(try await fixture.text() == "two")
        #expect(fixture.time.events.contains(.changed(Self.reference, version: "v-two")))
        #expect(fixture.transport.requests.count == 2)
    }

    @Test("serves the last value while the source is away, and refuses it when it is too old")
    func stale() async throws {
        let fixture = try Fixture { _ in Self.value("one") }
        _ = try await fixture.text()
        fixture.transport.become { _ in Self.away }
        fixture.time.advance(seconds: 300)
        #expect(try await fixture.text() == "one")
        // Left alone for two seconds, or an outage would cost each caller a time-out.
        #expect(try await fixture.text() == "one")
        #expect(fixture.transport.requests.count == 2)
        fixture.time.advance(seconds: 2)
        #expect(try await fixture.text() == "one")
        #expect(fixture.transport.requests.count == 3)
        fixture.time.advance(seconds: 3_600 - 302)
        let found = await secretFault { () async throws(SecretFault) in try await fixture.text() }
        #expect(found == SecretFault(.unavailable, Self.reference.description, "AWS is away"))
        fixture.transport.become { _ in Self.value("two") }
        fixture.time.advance(seconds: 2)
        #expect(try await fixture.text() == "two")
    }

    @Test("an outage is told when it begins, when the last value is too old, and when it ends; not at each look")
    func told() async throws {
        let fixture = try Fixture { _ in Self.away }
        func look(afterSeconds seconds: Int64, _ answer: Result<ServiceReply, SourceFault>) async {
            fixture.transport.become { _ in answer }
            fixture.time.advance(seconds: seconds)
            _ = await secretFault { () async throws(SecretFault) in try await fixture.store.fresh(Self.reference) }
        }
        // Whoever asks for the first time is told by what is thrown.
        await look(afterSeconds: 0, Self.away)
        await look(afterSeconds: 2, Self.value("one"))
        var events: [SecretEvent] {
            fixture.time.events.filter { event in
                if case .awsCredentialsInForce = event { false } else { true }
            }
        }
        #expect(events.isEmpty, "\(events)")
        let fault = SecretFault(.unavailable, Self.reference.description, "AWS is away")
        for _ in 0..<3 { await look(afterSeconds: 1_000, Self.away) }
        #expect(events == [.staleServed(fault, ageSeconds: 1_000)])
        for _ in 0..<3 { await look(afterSeconds: 1_000, Self.away) }
        #expect(events.dropFirst() == [.refused(fault)])
        for _ in 0..<3 { await look(afterSeconds: 1_000, Self.value("one")) }
        #expect(events.dropFirst(2) == [.answersAgain(Self.reference)])
    }

    @Test("who asks for the newest is told that the source is away, and not given the last value")
    func fresh() async throws {
        let fixture = try Fixture { _ in Self.value("one") }
        _ = try await fixture.text()
        fixture.transport.become { _ in Self.away }
        let found = await secretFault { () async throws(SecretFault) in try await fixture.store.fresh(Self.reference) }
        #expect(found?.kind == .unavailable)
        #expect(try await fixture.text() == "one")
    }

    @Test(
        "a source that refuses has spoken: the last value does not outlive that",
        arguments: [
            (400, "ResourceNotFoundException", SecretFault.Kind.missing), (400, "AccessDeniedException", .denied),
            (400, "InvalidRequestException", .unusable),
        ])
    func revoked(_ status: Int, _ type: String, _ kind: SecretFault.Kind) async throws {
        let fixture = try Fixture { _ in Self.value("one") }
        _ = try await fixture.text()
        fixture.transport.become { _ in .success(ServiceReply(status, #"{"__type":"\#(type)","message":"one"}"#)) }
        fixture.time.advance(seconds: 300)
        let found = await secretFault { () async throws(SecretFault) in try await fixture.text() }
        #expect(found?.kind == kind && found?.problem.contains(type) == true)
        fixture.transport.become { _ in Self.away }
        fixture.time.advance(seconds: 2)
        #expect(await secretFault { () async throws(SecretFault) in try await fixture.text() }?.kind == .unavailable)
    }

    @Test("whoever is cancelled takes nothing from those who wait with it")
    func cancelled() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let fixture = try Fixture { _ in
            for await _ in gate { break }
            return Self.value("one")
        }
        let first = Task { try await fixture.text() }
        try Deadline.wait(for: "the request", milliseconds: 5_000) { fixture.transport.requests.count == 1 }
        let second = Task { try await fixture.text() }
        first.cancel()
        open.yield()
        #expect(try await second.value == "one")
        #expect(fixture.transport.requests.count == 1)
    }

    @Test("remembers so many references and no more")
    func bounded() async throws {
        var limits = SecretStore.Limits()
        limits.entriesMax = 3
        let fixture = try Fixture(limits: limits) { _ in Self.value("one") }
        let references = (0..<10).map { SecretReference.known("secret://aws-secrets-manager/app\($0)") }
        for reference in references {
            _ = try await fixture.store.current(reference)
            fixture.time.advance(seconds: 1)
        }
        #expect(fixture.store.entriesCount == 3)
        _ = try await fixture.store.current(references[9])
        #expect(fixture.transport.requests.count == 10)
        _ = try await fixture.store.current(references[0])
        #expect(fixture.transport.requests.count == 11)
    }

    @Test("tells of new versions on its schedule, of faults, and of nothing that stayed the same")
    func changes() async throws {
        let fixture = try Fixture(waits: true) { _ in Self.value("one") }
        let told = Mutex<[String]>([])
        let reading = Task {
            for await result in fixture.store.changes(of: Self.reference) {
                let text = (try? result.get().text) ?? "fault"
                told.withLock { $0.append(text) }
            }
        }
        func round(_ answer: @escaping ScriptedTransport.Answer) throws {
            try Deadline.wait(for: "the watcher to wait", milliseconds: 5_000) { fixture.time.sleepersCount == 1 }
            fixture.transport.become(answer)
            let before = fixture.transport.requests.count
            fixture.time.advance(seconds: 300)
            try Deadline.wait(for: "the next look", milliseconds: 5_000) { fixture.transport.requests.count > before }
        }
        try round { _ in Self.value("one") }
        try round { _ in Self.value("two") }
        try round { _ in .success(ServiceReply(400, #"{"__type":"AccessDeniedException"}"#)) }
        try round { _ in Self.value("two") }
        try round { _ in Self.value("three") }
        try Deadline.wait(for: "what is told", milliseconds: 5_000) { told.withLock { $0.last } == "three" }
        #expect(told.withLock { $0 } == ["one", "two", "fault", "three"])
        reading.cancel()
        fixture.time.advance(seconds: 3_600)
        await reading.value
    }

    @Test("what is not configured is told before anybody is asked")
    func notConfigured() async throws {
        let fixture = try Fixture { _ in Self.value("one") }
        let reference = SecretReference.known("secret://vault/secret/app#password")
        #expect(fixture.store.sources.faultOfConfiguration(reference)?.description == "\(reference): no Vault")
        #expect(fixture.store.sources.faultOfConfiguration(Self.reference) == nil)
        #expect(
            await secretFault { () async throws(SecretFault) in try await fixture.store.current(reference) }?.kind
                == .notConfigured)
        #expect(try await fixture.store.current(.env("PASSWORD")).text == "from-env")
    }
}
