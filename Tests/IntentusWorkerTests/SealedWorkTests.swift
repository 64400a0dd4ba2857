import Encryption
import Foundation
import Identity
import IntentProtocol
import IntentusClient
import Testing

@testable import IntentusWorker

/// Calls that gateways seal for an agent.
@Suite("A worker that opens seals")
struct SealedWorkTests {
    private static let key = String(repeating: "5a", count: 32)

    private static func work(
        required: Bool = true, agent: String = "echo", replays: MemoryReplayCache = MemoryReplayCache { 1 }
    ) throws -> SealedWork {
        let path = FileManager.default.temporaryDirectory.appending(path: "ring-\(UUID().uuidString).json").path
        defer { try? FileManager.default.removeItem(atPath: path) }
        try #"{"keys": [{"id": "a", "key": "\#(key)"}]}"#.write(toFile: path, atomically: true, encoding: .utf8)
        var sealing = WorkerSealing(keys: try EnvelopeKeys(file: path))
        sealing.isRequired = required
        return SealedWork(sealing, agent: agent, unixMilliseconds: { 1_000_000 }, replays: replays)
    }

    private static func ring(_ key: String = key) throws -> KeyRing {
        try KeyRing([try #require(KeyBytes(encoded: key.utf8).flatMap { RingKey(id: "a", bytes: $0) })])
    }

    private static func call(
        audience: String = "echo", key: String = key, at milliseconds: Int64 = 1_000_000
    ) throws -> (message: SealedMessage, context: EMCLContext) {
        let context = EMCLContext(
            .call, caller: "user:alice", tenant: "", audience: audience, intent: "EchoIntent", intentVersion: "1.0",
            requestId: "r")
        var generator = SystemRandomNumberGenerator()
        let message = try ring(key).seal(
            Array(#"{"version":"1.0"}"#.utf8), context, nowUnixMilliseconds: milliseconds,
            randomBits: { generator.next() })
        return (message, context)
    }

    @Test("opens a call for its agent once, and seals the reply to it")
    func opened() throws {
        let work = try Self.work()
        let (message, context) = try Self.call()
        let call = try work.open(message.frame)
        #expect(String(decoding: call.body, as: UTF8.self) == #"{"version":"1.0"}"#)
        let reply = work.frame(of: .success("done"), to: call)
        let frame = try #require(try SealedFrame.read(reply, bytesMax: reply.count))
        let expected = try #require(context.answer(to: message.nonce))
        let opened = try Self.ring().open(
            frame, as: .answer(expected), under: EMCLRules(), nowUnixMilliseconds: 1_000_000)
        #expect(String(decoding: opened.plaintext, as: UTF8.self).contains(#""payload":"done""#))
        #expect(throws: EMCLFailure(.replayed).intentError) { _ = try work.open(message.frame) }
    }

    @Test("refuses in the same words what is for another agent, by another key, too old, or no frame")
    func refused() throws {
        let work = try Self.work()
        let frames = [
            try Self.call(audience: "other").message.frame,
            try Self.call(key: String(repeating: "5b", count: 32)).message.frame,
            try Self.call(at: 1_000).message.frame,
            Array(#"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":{}}"#.utf8),
        ]
        for frame in frames {
            #expect(throws: EMCLFailure(.wrongTag).intentError) { _ = try work.open(frame) }
        }
    }

    @Test("a call in clear is refused where seals are required, and answered in clear where they are not")
    func plain() throws {
        let body = Requests.frame()
        let error = #expect(throws: IntentError.self) { _ = try Self.work().open(body) }
        #expect(error?.code == .emclFailure)
        let lenient = try Self.work(required: false)
        let call = try lenient.open(body)
        #expect(call.body == body)
        #expect(Requests.answer(lenient.frame(of: .success("done"), to: call)).payload == "done")
    }

    @Test("a memory of used calls that is full is no fault of the call, which may be sent anew")
    func full() throws {
        let work = try Self.work(replays: MemoryReplayCache(entriesMax: 1) { 1 })
        let first = try Self.call().message.frame
        _ = try work.open(first)
        let error = #expect(throws: IntentError.self) { _ = try work.open(try Self.call().message.frame) }
        #expect(error?.code == .agentUnavailable && error?.retryable == true)
        // What came before is known all the same.
        #expect(throws: EMCLFailure(.replayed).intentError) { _ = try work.open(first) }
    }
}
