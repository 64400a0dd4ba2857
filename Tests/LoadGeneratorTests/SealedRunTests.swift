import Encryption
import Foundation
import IntentProtocol
import IntentusClient
import LoadGenerator
import RedisFixtures
import Testing

/// What the generator seals, opened as a gateway would.
@Suite("Sealed requests of the generator", .serialized)
struct SealedRunTests {
    private static let success =
        #"{"version":"1.0","status":"success","payload":{"ok":true},"metadata":{},"error":null}"#

    /// A request as it came: its token, and what was sealed.
    private struct Opened {
        let bearer: String
        let message: OpenedMessage
    }

    private func ring(_ id: String, _ byte: String) -> String {
        #"{"keys": [{"id": "\#(id)", "key": "\#(String(repeating: byte, count: 32))"}]}"#
    }

    private func key(_ id: String, _ byte: String) throws -> RingKey {
        try #require(KeyBytes(encoded: String(repeating: byte, count: 32).utf8).flatMap { RingKey(id: id, bytes: $0) })
    }

    private func token(_ subject: String, _ tenant: String) -> String {
        let claims = Data(#"{"sub":"\#(subject)","tenant":"\#(tenant)"}"#.utf8).base64EncodedString()
        return "e30.\(claims.replacing("=", with: "")).c2ln"
    }

    private func frame(_ text: String) throws -> (head: String, frame: SealedFrame) {
        let parts = text.components(separatedBy: "\r\n\r\n")
        let body = Array(try #require(parts.last).utf8)
        return (parts[0], try #require(try SealedFrame.read(body, bytesMax: body.count)))
    }

    /// Opens it as the request of whom its own token names.
    private func open(_ text: String, _ key: RingKey, callers: [String: (caller: String, tenant: String)]) throws
        -> Opened
    {
        let (head, frame) = try frame(text)
        let bearer = try #require(head.firstMatch(of: #/authorization: Bearer (\S+)/#)).1
        let named = try #require(callers[String(bearer)])
        let message = try KeyRing([key]).open(
            frame, as: .request(caller: Array(named.caller.utf8)[...], tenant: Array(named.tenant.utf8)[...]),
            under: EMCLRules(), nowUnixMilliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        return Opened(bearer: String(bearer), message: message)
    }

    @Test("nothing is in clear, and a result in clear is none")
    func clear() async throws {
        let folder = try PrivateFolder()
        let path = try folder.write("ring.json", ring("a", "5a"))
        try await TestServer.run {
            $0.number < 10 ? .status(200, Self.success) : .status(401, #"{"error":{"code":"UNAUTHORIZED"}}"#)
        } during: { server in
            var plan = try Plans.steady([server.url], rate: 100, seconds: 0.2)
            plan.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
            let result = try await Plans.result(plan)
            let names = Dictionary(uniqueKeysWithValues: result.outcomes.map { ($0.name, $0.count) })
            #expect(names == ["unopened": 10, "401 UNAUTHORIZED": 10])
            let bodies = server.texts.compactMap { $0.components(separatedBy: "\r\n\r\n").last }
            #expect(bodies.count == 20 && Set(bodies).count == 20)
            #expect(bodies.allSatisfy { !$0.contains(#""a":1"#) && !$0.contains("sourceAgent") })
        }
    }

    @Test("each request is bound to the bearer of its token, by its own id, time and nonce, and says so inside")
    func bound() async throws {
        let folder = try PrivateFolder()
        let path = try folder.write("ring.json", ring("a", "5a"))
        let names = [("alice", "acme"), ("bob", "acme"), ("carol", "other")]
        let tokens = names.map { token($0.0, $0.1) }
        let callers = Dictionary(
            uniqueKeysWithValues: zip(tokens, names).map { ($0, (caller: "user:\($1.0)", tenant: $1.1)) })
        let began = Int64(Date().timeIntervalSince1970 * 1_000)
        try await TestServer.run {
            _ in
            .status(403, #"{"error":{"code":"UNAUTHORIZED"}}"#)
        } during: { server in
            var plan = try Plans.steady([server.url, server.url], rate: 200, seconds: 0.5)
            plan.callers = [
                LoadPlan.Caller(name: "first", tokens: [tokens[0], tokens[1]]),
                LoadPlan.Caller(name: "second", tokens: [tokens[2]]),
            ]
            plan.entries = [Plans.entry("Sum", callers: [0, 1]), Plans.entry("Count", callers: [1, 0])]
            plan.threads = 2
            plan.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
            let result = try await Plans.result(plan)
            #expect(result.outcomes.map(\.name) == ["403 UNAUTHORIZED"])
            let ended = Int64(Date().timeIntervalSince1970 * 1_000)
            let key = try key("a", "5a")
            let texts = server.texts
            let requests = try texts.map { try open($0, key, callers: callers) }
            #expect(requests.count == 100)
            #expect(Set(requests.map(\.bearer)) == Set(tokens))
            #expect(Set(requests.map(\.message.nonce)).count == 100)
            var (ids, intents) = (Set<String>(), Set<String>())
            for request in requests {
                let envelope = try IncomingIntent(parsing: request.message.plaintext).envelope
                #expect(request.message.context?.names(envelope) == true)
                ids.insert(envelope.requestId)
                intents.insert(envelope.intentName)
            }
            #expect(ids.count == 100)
            #expect(Set(ids.compactMap { Int($0.suffix(12)) }) == Set(0..<100))
            #expect(intents == ["Sum", "Count"])
            let times = try texts.compactMap { try frame($0).frame.milliseconds }
            #expect(times.count == 100 && times.allSatisfy { (began...ended).contains($0) })
            #expect(Set(times).count > 20, "100 requests in half a second do not share a few times")
        }
    }

    @Test("a ring that changes while a run goes on is used by the requests behind it")
    func changedRing() async throws {
        let folder = try PrivateFolder()
        let path = try folder.write("ring.json", ring("a", "5a"))
        let bearer = token("alice", "acme")
        try await TestServer.run {
            _ in
            .status(403, "{}")
        } during: { server in
            // 90 requests: the server keeps the first 100.
            var plan = try Plans.steady([server.url], rate: 30, seconds: 3)
            plan.callers = [LoadPlan.Caller(name: "alice", tokens: [bearer])]
            plan.sealing = EnvelopeSealing(keys: try EnvelopeKeys(file: path))
            let ready = plan
            async let running = Plans.result(ready)
            for _ in 0..<2_000 where server.requestCount < 10 { try await Task.sleep(for: .milliseconds(5)) }
            try ring("b", "6b").write(toFile: path, atomically: true, encoding: .utf8)
            let result = try await running
            #expect(result.total.answered == 90)
            let (former, next) = (try key("a", "5a"), try key("b", "6b"))
            let callers = [bearer: (caller: "user:alice", tenant: "acme")]
            let used = try server.texts.map { text in
                try ((try? open(text, former, callers: callers)) ?? open(text, next, callers: callers)).message.keyId
            }
            #expect(Set(used) == ["a", "b"])
            #expect(used == used.sorted(), "the former key sealed behind the new one")
        }
    }
}
