import Testing

@testable import IntentProtocol

@Suite("Values of the protocol")
struct ProtocolValueTests {
    @Test("codes, statuses and what may be tried again")
    func codes() {
        #expect(ErrorCode.allCases.count == 14)
        #expect(
            ErrorCode.allCases.filter(\.retryableByDefault) == [
                .agentTimeout, .agentUnavailable, .transportError, .rateLimit,
            ])
        let statuses = Dictionary(uniqueKeysWithValues: ErrorCode.allCases.map { ($0.rawValue, $0.httpStatus) })
        #expect(
            statuses == [
                "VALIDATION_ERROR": 400, "PROTOCOL_ERROR": 400, "EMCL_FAILURE": 400, "UNAUTHORIZED": 401,
                "CAPABILITY_NOT_FOUND": 404, "ROUTING_ERROR": 404, "PAYLOAD_TOO_LARGE": 413, "RATE_LIMIT": 429,
                "AGENT_ERROR": 502, "INTERNAL_AGENT_ERROR": 502, "WORKFLOW_ABORTED": 500, "TRANSPORT_ERROR": 502,
                "AGENT_UNAVAILABLE": 503, "AGENT_TIMEOUT": 504,
            ])
        #expect(IntentError(.rateLimit, "m").retryable && !IntentError(.rateLimit, "m", retryable: false).retryable)
    }

    @Test("a draft is what the Python client sends, and is read back")
    func draft() throws {
        let vector = try #require(try Vectors.cases("http_wire").first { $0.text("id") == "hand/0" })
        var draft = EnvelopeDraft(
            intentName: "EchoIntent", payload: [:] as JSONObject, requestId: "req-1",
            timestamp: "2026-01-01T00:00:00+00:00",
            traceId: "trace-1")
        #expect(text(draft.encodedFrame()) == vector.text("bodyText"))
        draft.headers = ["Authorization": "Bearer x"]
        draft.tags = ["é\n\"", ""]
        draft.payload = try JSONText(validating: bytes(#"{"a":[1]}"#))
        draft.targetAgent = "b"
        draft.traceId = nil
        draft.strategy = .broadcast
        draft.priority = .low
        draft.retries = 3
        draft.decisionPath = ["x"]
        let incoming = try IncomingIntent(parsing: draft.encodedFrame())
        #expect(incoming.bearerTokens() == ["x"])
        #expect(incoming.envelope.tags == draft.tags)
        #expect(incoming.envelope.targetAgent == "b" && incoming.envelope.traceId == nil)
        #expect(incoming.envelope.strategy == .broadcast && incoming.envelope.priority == .low)
        #expect(incoming.envelope.retries == 3 && incoming.envelope.decisionPath == ["x"])
        #expect(try IncomingIntent(parsing: draft.encodedBare()).shape == .bare)
    }

    @Test("a response is encoded in the protocol's order")
    func response() {
        var out: [UInt8] = []
        AgentResponse.failure(
            IntentError(.rateLimit, "slow\u{1}", details: ["retryAfterMs": 5]), metadata: ["agent": "gateway"]
        ).appendFrame(to: &out)
        #expect(
            text(out) == #"""
                {"protocol":"INTENTUSNET/1.0","messageType":"response","headers":{},"body":{"version":"1.0","status":"error",\#
                "payload":null,"metadata":{"agent":"gateway"},"error":{"code":"RATE_LIMIT","message":"slow\u0001",\#
                "retryable":true,"details":{"retryAfterMs":5}}}}
                """#)
        let success = AgentResponse.success(["a": 1])
        out = []
        success.appendBare(to: &out)
        #expect(AgentReply(parsing: out, httpStatus: 200).response() == success)
    }

    @Test("objects keep their order and compare without it")
    func objects() {
        var object: JSONObject = ["b": 1, "a": [true, "x"]]
        object["c"] = .null
        object["b"] = 2
        #expect(text(JSONValue.object(object).encoded) == #"{"b":2,"a":[true,"x"],"c":null}"#)
        #expect(object == ["c": .null, "a": [true, "x"], "b": 2])
        #expect(object != ["c": .null, "a": [true, "x"], "d": 2])
        object["b"] = nil
        #expect(object.count == 2 && object["b"] == nil)
    }

    @Test("numbers keep their text")
    func numbers() throws {
        let value = try JSONValue(parsing: bytes("[1,1.0,12345678901234567890123,-5,2.5e3]")).arrayValue
        #expect(value?.map(\.intValue) == [1, nil, nil, -5, nil])
        #expect(value?.map(\.doubleValue) == [1, 1, 1.2345678901234568e22, -5, 2500])
        #expect(value?[0] != value?[1])
        #expect(JSONNumber(2.0)?.text == "2.0" && JSONNumber(Double.nan) == nil)
    }
}
