import Foundation
import IntentProtocol
import Testing

@testable import IntentusClient

@Suite("A call through a gateway")
struct CallTests {
    @Test("gives the result as a value, and the answer as it came")
    func success() async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        try await ClientFixture.with(gateway.url + "/") { client, _ in
            let reply = try await client.ask().get()
            #expect(reply == Reply(text: "grüße 🐝", count: 3))
            let draft = try client.draft(
                "SummarizeIntent", "1.0", JSONText(validating: Array(#"{"a":1}"#.utf8)), IntentOptions())
            let response = try await client.send(draft)
            #expect(response.status == .success)
            #expect(response.payload == ["text": "grüße 🐝", "count": 3])
            #expect(response.metadata["agent"] == "a")
        }
        #expect(gateway.requests.map(\.line) == Array(repeating: "POST /api/v1/intent HTTP/1.1", count: 2))
    }

    @Test("sends a frame that receivers accept, with the options in it")
    func frame() async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        var options = IntentOptions()
        options.strategy = .fallback
        options.targetAgent = "summarizer"
        options.priority = .high
        options.tags = ["eins", "zwei"]
        options.fallbackAgents = ["second"]
        options.traceId = "0af7651916cd43dd8448eb211c80319c"
        try await ClientFixture.with(gateway.url, configure: { $0.sourceAgent = "tests" }) { client, _ in
            _ = try await client.ask(options: options).get()
            _ = try await client.ask(options: options).get()
        }
        let intents = try gateway.requests.map { try IncomingIntent(parsing: $0.body) }
        let intent = try #require(intents.first)
        #expect(intent.shape == .frame)
        #expect(intent.envelope.intentName == "SummarizeIntent")
        #expect(intent.envelope.payload.value() == ["text": "grüße 🐝"])
        #expect(intent.envelope.sourceAgent == "tests")
        #expect(intent.envelope.strategy == .fallback)
        #expect(intent.envelope.targetAgent == "summarizer")
        #expect(intent.envelope.priority == .high)
        #expect(intent.envelope.tags == ["eins", "zwei"])
        #expect(intent.envelope.fallbackAgents == ["second"])
        #expect(intent.envelope.traceId == options.traceId)
        #expect(Set(intents.map(\.envelope.requestId)).count == 2)
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let age = try Date(intent.envelope.timestamp, strategy: format).timeIntervalSinceNow
        #expect(abs(age) < 60)
    }

    @Test("sends the time it has, and the trace as W3C writes it")
    func headers() async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        var options = IntentOptions()
        options.traceId = "0af7651916cd43dd8448eb211c80319c"
        try await ClientFixture.with(gateway.url, token: .fixed("t0ken")) { client, _ in
            _ = try await client.ask(timeoutMilliseconds: 1234, options: options).get()
            _ = try await client.ask(timeoutMilliseconds: .max).get()
        }
        let first = try #require(gateway.requests.first)
        #expect(first.header("x-intentus-timeout-ms") == "1234")
        #expect(first.header("authorization") == "Bearer t0ken")
        #expect(first.header("content-type") == "application/json")
        let parent = try #require(first.header("traceparent"))
        #expect(parent.wholeMatch(of: #/00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01/#) != nil)
        let second = try #require(gateway.requests.last)
        #expect(second.header("traceparent") == nil)
        #expect(second.header("x-intentus-timeout-ms") == "9999999")
    }

    @Test(
        "sends no traceparent for another trace id",
        arguments: ["", "trace-1", "0AF7651916CD43DD8448EB211C80319C", String(repeating: "0", count: 32)])
    func noTraceParent(traceId: String) {
        #expect(ChosenTrace.parent(traceId: traceId) == nil)
    }

    @Test("throws errors of the wire with all they say, and gives them as they are to who wants the answer")
    func wireError() async throws {
        let body = Answers.error("AGENT_ERROR", retryable: true, details: #"{"reason":"busy"}"#)
        let gateway = try ScriptedGateway(.answer(200, body))
        defer { gateway.stop() }
        try await ClientFixture.with(gateway.url) { client, _ in
            let expected = IntentError(.agentError, "why", retryable: true, details: ["reason": "busy"])
            #expect(try await client.ask().failure == expected)
            let response = try await client.send(client.draft("A", "1.0", JSONText([:]), IntentOptions()))
            #expect(response.error == expected)
            #expect(response.status == .error)
        }
    }

    @Test("a result of another type is a VALIDATION_ERROR, asked for once")
    func anotherType() async throws {
        let gateway = try ScriptedGateway(
            .answer(200, Answers.frame(#"{"status":"success","payload":{"text":1},"metadata":{},"error":null}"#)))
        defer { gateway.stop() }
        let error = try await ClientFixture.with(gateway.url) { client, _ in try await client.ask().failure }
        #expect(error?.code == .validationError)
        #expect(gateway.requests.count == 1)
    }

    @Test("an answer that is too large is an error and is not asked for again", arguments: [false, true])
    func tooLarge(isIdempotent: Bool) async throws {
        let gateway = try ScriptedGateway(.answer(200, Answers.success))
        defer { gateway.stop() }
        let options = isIdempotent ? ClientFixture.idempotent : IntentOptions()
        let error = try await ClientFixture.with(gateway.url, configure: { $0.responseBytesMax = 20 }) { client, _ in
            try await client.ask(options: options).failure
        }
        #expect(
            error == IntentError(.transportError, "the gateway's answer is larger than 20 bytes", retryable: false))
        #expect(gateway.requests.count == 1)
    }

    @Test("a redirect is not followed")
    func redirect() async throws {
        let other = try ScriptedGateway(.answer(200, Answers.success))
        let gateway = try ScriptedGateway(
            .answer(307, Answers.success, headers: ["location: \(other.url)/api/v1/intent"]))
        defer {
            gateway.stop()
            other.stop()
        }
        let error = try await ClientFixture.with(gateway.url, token: .fixed("t")) { client, _ in
            try await client.ask().failure
        }
        #expect(error?.code == .transportError)
        #expect(error?.message.contains("307") == true)
        #expect(gateway.requests.count == 1)
        #expect(other.requests.isEmpty)
    }

    @Test(
        "an answer that is no response is a TRANSPORT_ERROR",
        arguments: [
            (200, ""), (200, "<html>"), (200, "[]"), (500, "oops"), (404, Answers.success), (503, Answers.success),
        ])
    func noResponse(status: Int, body: String) async throws {
        let gateway = try ScriptedGateway(.answer(status, body))
        defer { gateway.stop() }
        let error = try await ClientFixture.with(gateway.url) { client, _ in try await client.ask().failure }
        #expect(error?.code == .transportError)
        #expect(gateway.requests.count == 1)
    }

    @Test("more calls than eight run at the same time")
    func atTheSameTime() async throws {
        let gateway = try ScriptedGateway(.together(24))
        defer { gateway.stop() }
        try await ClientFixture.with(gateway.url) { client, _ in
            await withTaskGroup(of: IntentError?.self) { group in
                for _ in 0..<24 { group.addTask { (try? await client.ask())?.failure } }
                for await error in group { #expect(error == nil) }
            }
        }
        #expect(gateway.requests.count == 24)
    }
}
