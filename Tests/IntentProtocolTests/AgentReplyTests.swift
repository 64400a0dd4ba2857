import Testing

@testable import IntentProtocol

@Suite("A worker's answer on its way back")
struct AgentReplyTests {
    private func reply(_ metadata: String, payload: String = #"{"x": 1}"#, error: String = "null") -> AgentReply {
        let status = error == "null" ? "success" : "error"
        return AgentReply(
            parsing: bytes(
                """
                {"messageType":"response","body":{"version":"1.0","status":"\(status)","payload":\(payload),\
                "metadata":\(metadata),"error":\(error)}}
                """), httpStatus: 200)
    }

    private func bare(_ reply: AgentReply, traceId: String = "t", extras: ReplyExtras = ReplyExtras()) throws
        -> JSONObject
    {
        var out: [UInt8] = []
        reply.append(to: &out, shape: .bare, traceId: traceId, extras: extras)
        var framed: [UInt8] = []
        reply.append(to: &framed, shape: .frame, traceId: traceId, extras: extras)
        let frame = try #require(JSONValue(parsing: framed).objectValue)
        let response = try JSONValue(parsing: out)
        #expect(frame["messageType"] == "response" && frame["protocol"] == "INTENTUSNET/1.0" && frame["headers"] == [:])
        #expect(frame["body"] == response)
        #expect(
            AgentReply(parsing: out, httpStatus: 200).response()
                == AgentReply(parsing: framed, httpStatus: 200).response())
        return try #require(response.objectValue)
    }

    @Test("C24 the trace id is the request's, the worker's own moves aside")
    func traceId() throws {
        let extras = ReplyExtras(agent: "summarizer", timestamp: "now")
        #expect(try bare(reply(#"{"agent":"a","traceId":"t"}"#))["metadata"] == ["agent": "a", "traceId": "t"])
        #expect(
            try bare(reply(#"{"traceId":"own","k":[1]}"#), extras: extras)["metadata"]
                == ["agentTraceId": "own", "k": [1], "traceId": "t", "agent": "summarizer", "timestamp": "now"])
        #expect(
            try bare(reply("{}"), extras: extras)["metadata"] == [
                "traceId": "t", "agent": "summarizer", "timestamp": "now",
            ])
        #expect(try bare(reply("null"))["metadata"] == ["traceId": "t"])
        #expect(
            try bare(reply(#"{"traceId":null,"agentTraceId":"x"}"#))["metadata"] == [
                "agentTraceId": "x", "traceId": "t",
            ])
        #expect(
            try bare(reply(#"{"agentTraceId":"x","traceId":"own"}"#))["metadata"] == [
                "agentTraceId": "own", "traceId": "t",
            ])
        #expect(try bare(reply(#"{"trac\u0065Id":"t"}"#))["metadata"] == ["traceId": "t"])
        #expect(try bare(reply(#"{"traceId":"a\"b"}"#), traceId: "a\"b")["metadata"] == ["traceId": "a\"b"])
    }

    @Test("further members take the place of the worker's")
    func extras() throws {
        let extras = ReplyExtras(
            agent: "s",
            members: ["policy": ["filtered": ["x"]], "agent": "router", "traceId": "evil", "agentTraceId": "evil"])
        #expect(
            try bare(reply(#"{"policy":1,"k":2,"traceId":"t"}"#), extras: extras)["metadata"]
                == ["policy": ["filtered": ["x"]], "agent": "router", "k": 2, "traceId": "t"])
        #expect(
            try bare(reply(#"{"policy":1}"#), extras: extras)["metadata"]
                == ["policy": ["filtered": ["x"]], "agent": "router", "traceId": "t"])
    }

    @Test("the payload travels as it came")
    func payload() throws {
        var out: [UInt8] = []
        reply("{}", payload: #"{ "n" : 1.50, "big": 12345678901234567890123, "s":"\u00e9" }"#)
            .append(to: &out, shape: .bare, traceId: "t")
        #expect(
            text(out).contains(#""payload":{ "n" : 1.50, "big": 12345678901234567890123, "s":"\u00e9" },"metadata""#))
    }

    @Test("an error is told with the wire's codes")
    func errors() throws {
        let failed = reply(
            "{}", payload: "null", error: #"{"code":"POLICY_DENIAL","message":"n\"o","details":{"a":1},"x":1}"#)
        #expect(!failed.isSuccess && failed.payload == nil)
        #expect(
            try bare(failed)["error"]
                == ["code": "INTERNAL_AGENT_ERROR", "message": "n\"o", "retryable": false, "details": ["a": 1]])
    }

    @Test(
        "a bare response of a worker is taken; anything ambiguous is not",
        arguments: [
            (#"{"status":"success","payload":{}}"#, true), ("{}", false), (#"{"payload":{}}"#, false),
            (#"{"status":"success","protocol":"INTENTUSNET/1.0"}"#, false), (#"{"body":{"status":"success"}}"#, false),
            (#"{"status":"success","messageType":"response","body":{"status":"success"}}"#, true),
            (#"{"messageType":"response","body":null}"#, false), (#"{"messageType":"response","body":[]}"#, false),
            (#"{"messageType":"response","body":{"status":"success","status":"error"}}"#, false),
            (#"{"messageType":"response","body":{"status":"success","payload":NaN}}"#, false),
            (#"{"messageType":"response","body":{"status":"success","payload":{"a":1,"a":2}}}"#, false),
            (#"{"messageType":"response","body":{"status":"success","metadata":[]}}"#, false),
            (#"{"messageType":"response","body":{"status":"success","error":"no"}}"#, false),
            (#"{"messageType":"response","body":{"status":"success","metadata":{"a":1,"\u0061":2}}}"#, false),
            (#"{"messageType":"response","body":{"status":"success","error": { } }} "#, true), ("\u{FEFF}{}", false),
        ])
    func shapes(body: String, isUsable: Bool) throws {
        let reply = AgentReply(parsing: bytes(body), httpStatus: 200)
        #expect(reply.isSuccess == isUsable, "\(body)")
        guard !isUsable else { return }
        #expect(reply.error?.code == .transportError)
        #expect(reply.error?.retryable == true)
        _ = try bare(reply)
    }

    @Test(
        "only 2xx is an answer",
        arguments: [(200, true), (201, true), (299, true), (199, false), (301, false), (400, false), (500, false)])
    func statuses(status: Int, isUsable: Bool) {
        #expect(AgentReply(parsing: bytes(#"{"status":"success"}"#), httpStatus: status).isSuccess == isUsable)
    }

    @Test(
        "what a worker says a request cost is a whole number, 0 or more, or nothing",
        arguments: [
            (#"{"usage":{"cost":7}}"#, 7), (#"{"usage":{"model":"m","cost":0,"x":[1]},"agent":"a"}"#, 0), ("{}", nil),
            (#"{"usage":{"cost":-1}}"#, nil), (#"{"usage":{"cost":1.5}}"#, nil), (#"{"usage":{"cost":1e3}}"#, nil),
            (#"{"usage":{"cost":"7"}}"#, nil), (#"{"usage":{"cost":true}}"#, nil), (#"{"usage":{"Cost":7}}"#, nil),
            (#"{"usage":[7]}"#, nil), (#"{"usage":7}"#, nil), (#"{"usage":null}"#, nil), (#"{"cost":7}"#, nil),
            (#"{"usage":{"cost":9223372036854775808}}"#, .max), (#"{"usage":{"cost":-9223372036854775809}}"#, nil),
        ] as [(String, Int?)])
    func usageCost(metadata: String, cost: Int?) throws {
        #expect(reply(metadata).usageCost == cost)
        #expect(reply(metadata, error: #"{"code":"INTERNAL_AGENT_ERROR"}"#).usageCost == cost)
        #expect(AgentReply(failure: IntentError(.agentTimeout, "late")).usageCost == nil)
    }
}
