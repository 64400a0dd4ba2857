import Testing

@testable import IntentProtocol

@Suite("Frames and bare envelopes")
struct FrameShapeTests {
    private let envelope = Sample().bare

    @Test("a top-level protocol, messageType or object body makes a frame, in whatever order")
    func shapes() throws {
        for frame in [
            #"{"body":\#(envelope)}"#, #"{"messageType":"intent","body":\#(envelope)}"#,
            #"{"body":\#(envelope),"protocol":"INTENTUSNET/1.7"}"#, #"{"x":{"y":1},"body":\#(envelope),"version":7}"#,
            #"{"version":2,"payload":[],"body":\#(envelope)}"#,
            #"{"intent":{"odd":1},"messageType":"intent","body":\#(envelope)}"#,
            #"{"version":"1.0","intent":{"name":"other"},"body":\#(envelope),"messageType":"intent"}"#,
            #"{"headers":{"a":1},"body":\#(envelope)}"#, #"{"\u0062ody":\#(envelope)}"#,
        ] {
            let incoming = try IncomingIntent(parsing: bytes(frame))
            #expect(incoming.shape == .frame, "\(frame)")
            #expect(incoming.envelope.intentName == "SummarizeIntent")
        }
        for bare in [envelope, Sample.with { $0.more = #","body":5,"headers":{"Authorization":7}"# }.bare] {
            let incoming = try IncomingIntent(parsing: bytes(bare))
            #expect(incoming.shape == .bare)
            #expect(incoming.frameAuthorization == nil)
        }
    }

    @Test("what is wrong with a frame is a protocol error at its place")
    func frameErrors() throws {
        for (frame, message) in [
            (#"{"protocol":"HTTP/1.1","body":\#(envelope)}"#, "protocol: must be INTENTUSNET/1.x"),
            (#"{"protocol":"INTENTUSNET/2.0","body":\#(envelope)}"#, "protocol: must be INTENTUSNET/1.x"),
            (#"{"protocol":"INTENTUSNET/1","body":\#(envelope)}"#, "protocol: must be INTENTUSNET/1.x"),
            (#"{"protocol":"INTENTUSNET/1.x","body":\#(envelope)}"#, "protocol: must be INTENTUSNET/1.x"),
            (#"{"protocol":1,"body":\#(envelope)}"#, "protocol: must be a string"),
            (#"{"messageType":"INTENT","body":\#(envelope)}"#, "messageType: unknown message type"),
            (#"{"messageType":"response","body":\#(envelope)}"#, "messageType: must be intent in a request"),
            (#"{"messageType":null,"body":\#(envelope)}"#, "messageType: must be a string"),
            (#"{"messageType":"intent"}"#, "body: is required"),
            (#"{"messageType":"intent","body":[]}"#, "body: must be an object"),
            (#"{"body":null,"protocol":"INTENTUSNET/1.0"}"#, "body: must be an object"),
            (#"{"body":{"version":9},"messageType":"nothing"}"#, "messageType: unknown message type"),
            (#"{"version":9,"messageType":"nothing"}"#, "messageType: unknown message type"),
            (#"{"headers":[],"body":\#(envelope)}"#, "headers: must be an object"),
        ] {
            let error = try #require(refusal(of: frame))
            #expect(error.code == .protocolError, "\(frame)")
            #expect(error.message == message)
            #expect(!error.retryable)
        }
    }

    @Test("an encrypted frame fails as EMCL, wherever its type stands")
    func encrypted() throws {
        let body = #"{"cipherText":"eA==","iv":"","tag":"","identityChain":[]}"#
        for frame in [
            #"{"protocol":"INTENTUSNET/1.0","messageType":"emcl","headers":{},"body":\#(body)}"#,
            #"{"body":\#(body),"messageType":"emcl"}"#,
        ] {
            let error = try #require(refusal(of: frame))
            #expect(error.code == .emclFailure)
            #expect(error.message.contains("no EMCL key is configured"))
        }
    }

    @Test("routing and its metadata may be absent or null, defaults are filled in, enumerations take any case")
    func defaults() throws {
        let sample = Sample.with {
            $0.intent = #"{"name":"A"}"#
            $0.context = #"{"priority":"HiGH","sourceAgent":"a","timestamp":"t"}"#
            $0.metadata = #"{"requestId":"r","source":"s","createdAt":"c","traceId":null,"identityChain":null}"#
            $0.routing = "null"
            $0.routingMetadata = "null"
        }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare)).envelope
        #expect(envelope.traceId == nil && envelope.traceIdBytes == nil)
        #expect(
            envelope.frameText(prefix: ["user:alice", "service:gw\""], traceId: "new\n") == #"""
                {"protocol":"INTENTUSNET/1.0","messageType":"intent","headers":{},"body":{"version":"1.0","intent":\#
                {"name":"A","version":"1.0"},"payload":{"text":"hello","maxWords":20},"context":{"sourceAgent":"a",\#
                "timestamp":"t","priority":"high","tags":[]},"metadata":{"requestId":"r","source":"s","createdAt":"c",\#
                "traceId":"new\n","identityChain":["user:alice","service:gw\""]},"routing":{"strategy":"direct",\#
                "targetAgent":null,"fallbackAgents":[]},"routingMetadata":{"decisionPath":[],"retries":0}}}
                """#)
    }

    @Test(
        "strategies and priorities in any letter case, also escaped",
        arguments: [
            ("DIRECT", RoutingStrategy.direct), ("Fallback", .fallback), ("broadCAST", .broadcast),
            ("p\\u0061RALLEL", .parallel),
        ])
    func letterCase(text: String, strategy: RoutingStrategy) throws {
        let sample = Sample.with { $0.routing = #"{"strategy":"\#(text)"}"# }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare)).envelope
        #expect(envelope.strategy == strategy)
        #expect(envelope.frameText().contains(#""strategy":"\#(strategy.rawValue)""#))
    }

    @Test(
        "a letter must be a letter: no other byte that differs in the same bit",
        arguments: ["DIREC\\u0014", "@IRECT", "dire[t"])
    func notQuiteLetters(text: String) {
        #expect(refusal(of: Sample.with { $0.routing = #"{"strategy":"\#(text)"}"# }.bare) != nil)
    }

    @Test("unknown top-level keys are ignored and not forwarded; spaces and escapes in fields stay")
    func forwarding() throws {
        let sample = Sample.with {
            $0.intent = #" { "version" : "2\u002e0" , "name" : "Caf\u00e9/\"" } "#
            $0.payload = " { \"a\" : [ 1 ,\t2 ] } "
            $0.more = #","idempotency_key":"k","x":{"messageType":"emcl"}"#
        }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare)).envelope
        #expect(envelope.intentName == "Café/\"")
        #expect(envelope.intentVersion == "2.0")
        #expect(text(envelope.intentNameBytes) == #"Caf\u00e9/\""#)
        #expect(text(envelope.payload.bytes) == "{ \"a\" : [ 1 ,\t2 ] }")
        let frame = envelope.frameText()
        #expect(!frame.contains("idempotency_key") && !frame.contains("emcl"))
        let again = try IncomingIntent(parsing: bytes(frame)).envelope
        #expect(again.intentName == "Café/\"" && again.payload == envelope.payload)
    }

    @Test("a bare envelope as deep and as large as allowed is still accepted in the frame that is forwarded")
    func limitsSurviveForwarding() throws {
        var limits = EnvelopeLimits()
        limits.json.membersMax = 3
        let deep = String(repeating: "[", count: 62) + String(repeating: "]", count: 62)
        let sample = Sample.with { $0.payload = #"{"a":\#(deep),"b":1,"c":2}"# }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare), limits: limits).envelope
        #expect(refusal(of: envelope.frameText(), limits: limits) == nil)
        #expect(refusal(of: Sample.with { $0.payload = #"{"a":[\#(deep)]}"# }.bare) != nil)
        #expect(refusal(of: Sample.with { $0.payload = #"{"a":1,"b":1,"c":2,"d":3}"# }.bare, limits: limits) != nil)
    }

    @Test("C3 the gateway's entries come before the client's, from parts that are escaped already")
    func escapedParts() throws {
        let envelope = try IncomingIntent(parsing: bytes(Sample.chain(#"["Bearer x","proxy:n:a"]"#).frame)).envelope
        for (user, wanted) in [
            (bytes(#"user:a\"b"#) as [UInt8]?, ["user:a\"b", "service:gw", "proxy:n:a"]),
            (nil, ["service:gw", "proxy:n:a"]),
        ] {
            var out: [UInt8] = []
            envelope.appendFrame(
                to: &out, callerEntries: user, serviceEntry: bytes("service:gw"), traceId: bytes("unused"))
            #expect(text(out) == envelope.frameText(prefix: Array(wanted.dropLast())))
            #expect(try IncomingIntent(parsing: out).envelope.identityChain == wanted)
        }
    }

    @Test("members of the payload are found on demand")
    func payloadField() throws {
        let sample = Sample.with { $0.payload = #"{ "a" : 1 , "k\u00e9y":{"b":[true]}, "\u0062": "x" }"# }
        let envelope = try IncomingIntent(parsing: bytes(sample.frame)).envelope
        #expect(envelope.payloadField("a") == 1)
        #expect(envelope.payloadField("kéy") == ["b": [true]])
        #expect(envelope.payloadField("b") == "x")
        #expect(envelope.payloadField("c") == nil)
    }
}
