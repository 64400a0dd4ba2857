import Testing

@testable import IntentProtocol

@Suite("What the Python client puts on the wire")
struct HTTPWireVectorTests {
    /// Sent by the Python client and refused here: version 2.0, Infinity in the payload, an empty intent name.
    private static let refused = [
        "hand/11": "body.version", "hand/13_inf": "body.payload.nan", "client/intent_empty": "body.intent.name",
    ]

    @Test("every accepted body gives the fields that were sent")
    func fields() throws {
        var accepted = 0
        for vector in try Vectors.cases("http_wire") {
            let id = try #require(vector.text("id"))
            guard let body = vector.text("bodyText"), Self.refused[id] == nil else { continue }
            let incoming = try IncomingIntent(parsing: bytes(body))
            #expect(incoming.shape == .frame, "\(id)")
            let sent = try #require(JSONValue(parsing: bytes(body)).objectValue?["body"]?.objectValue)
            expect(incoming.envelope, equals: sent, id)
            accepted += 1
        }
        #expect(accepted == 18)
    }

    @Test("the three bodies that this wire does not take are refused at their place")
    func refusals() throws {
        var seen = 0
        for vector in try Vectors.cases("http_wire") {
            guard let id = vector.text("id"), let place = Self.refused[id] else { continue }
            let body = try #require(vector.text("bodyText"))
            let error = try #require(refusal(of: body))
            #expect(error.code == .validationError)
            #expect(error.message.hasPrefix("\(place): "), "\(error.message)")
            #expect(!error.retryable)
            seen += 1
        }
        #expect(seen == Self.refused.count)
    }

    @Test("what the client sent is what goes to the worker, byte for byte, when nothing had to be removed")
    func forwarded() throws {
        for vector in try Vectors.cases("http_wire") {
            let id = try #require(vector.text("id"))
            guard let body = vector.text("bodyText"), Self.refused[id] == nil else { continue }
            guard !["client/proto/normal", "hand/8", "hand/9"].contains(id) else { continue }
            let envelope = try IncomingIntent(parsing: bytes(body)).envelope
            #expect(envelope.frameText() == body.replacing(#""intent","body""#, with: #""intent","headers":{},"body""#))
        }
    }

    private func expect(_ envelope: IntentEnvelope, equals sent: JSONObject, _ id: String) {
        #expect(envelope.version == sent.text("version"))
        #expect(envelope.intentName == sent.at("intent", "name")?.stringValue, "\(id)")
        #expect(envelope.intentVersion == sent.at("intent", "version")?.stringValue)
        #expect(envelope.sourceAgent == sent.at("context", "sourceAgent")?.stringValue)
        #expect(envelope.timestamp == sent.at("context", "timestamp")?.stringValue)
        #expect(envelope.priority.rawValue == sent.at("context", "priority")?.stringValue)
        #expect(envelope.tags == sent.at("context", "tags")?.texts, "\(id)")
        #expect(envelope.requestId == sent.at("metadata", "requestId")?.stringValue)
        #expect(envelope.source == sent.at("metadata", "source")?.stringValue)
        #expect(envelope.createdAt == sent.at("metadata", "createdAt")?.stringValue)
        #expect(envelope.traceId == sent.at("metadata", "traceId")?.stringValue)
        let chain = sent.at("metadata", "identityChain")?.texts?.filter { !$0.hasPrefix("Bearer ") }
        #expect(envelope.identityChain == chain, "\(id)")
        #expect(envelope.strategy.rawValue == sent.at("routing", "strategy")?.stringValue, "\(id)")
        #expect(envelope.targetAgent == sent.at("routing", "targetAgent")?.stringValue, "\(id)")
        #expect(envelope.fallbackAgents == sent.at("routing", "fallbackAgents")?.texts, "\(id)")
        #expect(envelope.decisionPath == sent.at("routingMetadata", "decisionPath")?.texts, "\(id)")
        #expect(Int64(envelope.retries) == sent.at("routingMetadata", "retries")?.intValue, "\(id)")
        var payload = sent["payload"]?.objectValue ?? [:]
        for key in ["__proto__", "constructor", "prototype"] { payload[key] = nil }
        #expect(envelope.payload.value() == .object(payload), "\(id)")
    }
}
