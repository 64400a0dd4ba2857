import Testing

@testable import IntentProtocol

@Suite("What an envelope is refused for")
struct EnvelopeRefusalTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var place: String
        var problem: String
        var sample: Sample
        var testDescription: String { "\(place): \(problem)" }

        init(_ place: String, _ problem: String, _ change: (inout Sample) -> Void) {
            self.place = place
            self.problem = problem
            sample = Sample.with(change)
        }
    }

    static let cases: [Case] = [
        Case("version", "must be a string") { $0.version = "1" },
        Case("version", "must be 1 or 1.x") { $0.version = #""2.0""# },
        Case("version", "must be 1 or 1.x") { $0.version = #""1.""# },
        Case("version", "must be 1 or 1.x") { $0.version = #""1.0a""# },
        Case("version", "must be 1 or 1.x") { $0.version = #""10""# },
        Case("version", "must be 1 or 1.x") { $0.version = #""""# },
        Case("intent", "must be an object") { $0.intent = "null" },
        Case("intent.name", "is required") { $0.intent = #"{"version":"1.0"}"# },
        Case("intent.name", "must not be empty") { $0.intent = #"{"name":""}"# },
        Case("intent.name", "must be a string") { $0.intent = #"{"name":7}"# },
        Case("intent.version", "must be a string") { $0.intent = #"{"name":"a","version":null}"# },
        Case("intent.extra", "unknown key") { $0.intent = #"{"name":"a","extra":1}"# },
        Case("intent.name", "duplicate key") {
            $0.intent = #"{"name":"a","n\u0061me":"b"}"#.replacing("n\\u0061me", with: "name")
        },
        Case("payload", "must be an object") { $0.payload = "[]" },
        Case("payload", "must be an object") { $0.payload = "null" },
        Case("payload.a[1].b", "duplicate key") { $0.payload = #"{"a":[0,{"b":1,"b":2}]}"# },
        Case("payload.x", "the number is too large for a double") { $0.payload = #"{"x":1e999}"# },
        Case("payload.x", "NaN and Infinity are not JSON") { $0.payload = #"{"x":-Infinity}"# },
        Case("context", "must be an object") { $0.context = "[]" },
        Case("context.sourceAgent", "is required") { $0.context = #"{"timestamp":"t"}"# },
        Case("context.timestamp", "is required") { $0.context = #"{"sourceAgent":"a"}"# },
        Case("context.timestamp", "must be a string") { $0.context = #"{"sourceAgent":"a","timestamp":5}"# },
        Case("context.priority", "must be low, normal or high") {
            $0.context = #"{"sourceAgent":"a","timestamp":"t","priority":"urgent"}"#
        },
        Case("context.priority", "must be a string") {
            $0.context = #"{"sourceAgent":"a","timestamp":"t","priority":null}"#
        },
        Case("context.tags", "must be a list of strings") {
            $0.context = #"{"sourceAgent":"a","timestamp":"t","tags":"x"}"#
        },
        Case("context.tags[1]", "must be a string") {
            $0.context = #"{"sourceAgent":"a","timestamp":"t","tags":["x",1]}"#
        },
        Case("context.authenticated_user", "unknown key") {
            $0.context = #"{"sourceAgent":"a","timestamp":"t","authenticated_user":"root"}"#
        },
        Case("metadata.requestId", "is required") { $0.metadata = #"{"source":"s","createdAt":"c"}"# },
        Case("metadata.source", "is required") { $0.metadata = #"{"requestId":"s","createdAt":"c"}"# },
        Case("metadata.createdAt", "is required") { $0.metadata = #"{"requestId":"s","source":"c"}"# },
        Case("metadata.traceId", "must be a string or null") {
            $0.metadata = #"{"requestId":"r","source":"s","createdAt":"c","traceId":1}"#
        },
        Case("metadata.identityChain", "must be a list of strings") {
            $0.metadata = #"{"requestId":"r","source":"s","createdAt":"c","identityChain":{}}"#
        },
        Case("metadata.sessionId", "unknown key") {
            $0.metadata = #"{"requestId":"r","source":"s","createdAt":"c","sessionId":"x"}"#
        },
        Case("routing", "must be an object") { $0.routing = "[]" },
        Case("routing.strategy", "must be direct, fallback, broadcast or parallel") {
            $0.routing = #"{"strategy":"any"}"#
        },
        Case("routing.targetAgent", "must be a string or null") { $0.routing = #"{"targetAgent":[]}"# },
        Case("routing.fallbackAgents[0]", "must be a string") { $0.routing = #"{"fallbackAgents":[null]}"# },
        Case("routing.extra", "unknown key") { $0.routing = #"{"extra":null}"# },
        Case("routingMetadata.retries", "must be a whole number, 0 or more") {
            $0.routingMetadata = #"{"retries":-1}"#
        },
        Case("routingMetadata.retries", "must be a whole number, 0 or more") {
            $0.routingMetadata = #"{"retries":1.0}"#
        },
        Case("routingMetadata.retries", "must be a whole number, 0 or more") {
            $0.routingMetadata = #"{"retries":"1"}"#
        },
        Case("routingMetadata.retries", "must be a whole number, 0 or more") {
            $0.routingMetadata = #"{"retries":2147483648}"#
        },
        Case("routingMetadata.retries", "must be a whole number, 0 or more") {
            $0.routingMetadata = #"{"retries":99999999999999999999}"#
        },
        Case("routingMetadata.decisionPath[0]", "must be a string") { $0.routingMetadata = #"{"decisionPath":[[]]}"# },
        Case("routingMetadata.extra", "unknown key") { $0.routingMetadata = #"{"extra":0}"# },
    ]

    @Test("bare and in a frame, with the place in the message", arguments: cases)
    func refused(_ test: Case) throws {
        let bare = try #require(refusal(of: test.sample.bare))
        #expect(bare.code == .validationError)
        #expect(bare.message.hasPrefix("\(test.place): \(test.problem)"), "\(bare.message)")
        #expect(bare.details["path"]?.stringValue == test.place)
        let framed = try #require(refusal(of: test.sample.frame))
        #expect(framed.code == .validationError)
        #expect(framed.message.hasPrefix("body.\(test.place): \(test.problem)"), "\(framed.message)")
    }

    @Test("each required section", arguments: ["version", "intent", "context", "metadata"])
    func sections(name: String) throws {
        let body = Sample().bare.replacing("\"\(name)\":", with: "\"x_\(name)\":", maxReplacements: 1)
        let error = try #require(refusal(of: name == "version" ? body : body.replacing("x_x_", with: "x_")))
        #expect(error.message == "\(name): is required")
        #expect(refusal(of: "{}")?.message == "version: is required")
    }

    @Test(
        "a top-level key twice, known or not, escaped or not",
        arguments: [
            #","payload":{}"#, #","p\u0061yload":{}"#, #","extra":1,"extra":2"#, #","extra":1,"\u0065xtra":2"#,
        ])
    func topLevelDuplicates(more: String) {
        #expect(refusal(of: Sample.with { $0.more = more }.bare)?.message.contains("duplicate key") == true)
        #expect(refusal(of: Sample.with { $0.more = more }.frame)?.message.contains("duplicate key") == true)
    }

    @Test("what is no object, and what is no JSON", arguments: ["[]", "null", "\"x\"", "5", "", "{", "<html>", "{}{}"])
    func noObject(body: String) {
        #expect(refusal(of: body)?.code == .validationError)
    }

    @Test("nothing that a caller sent as a value comes back in a message")
    func secrets() throws {
        let secret = "s3cr3t-value"
        for sample in [
            Sample.with { $0.version = "\"\(secret)\"" }, Sample.with { $0.routing = #"{"strategy":"\#(secret)"}"# },
            Sample.chain(#"["Bearer \#(secret)",1]"#), Sample.with { $0.payload = "[\"\(secret)\"]" },
        ] {
            let error = try #require(refusal(of: sample.frame))
            #expect(!error.message.contains(secret))
            #expect(!text(JSONValue.object(error.details).encoded).contains(secret))
        }
    }

    @Test("texts and lists over their limits")
    func limits() {
        let name = String(repeating: "n", count: 257)
        let list = "[" + Array(repeating: "\"x\"", count: 65).joined(separator: ",") + "]"
        for sample in [
            Sample.with { $0.intent = #"{"name":"\#(name)"}"# },
            Sample.with { $0.routing = #"{"targetAgent":"\#(name)"}"# },
            Sample.with { $0.routing = #"{"fallbackAgents":\#(list)}"# }, Sample.chain(list),
            Sample.chain(#"["\#(String(repeating: "c", count: 1025))"]"#),
            Sample.chain(#"["Bearer \#(String(repeating: "t", count: 8193))"]"#),
            Sample.with { $0.metadata = #"{"requestId":"\#(name)","source":"s","createdAt":"c"}"# },
        ] {
            #expect(refusal(of: sample.bare)?.code == .validationError)
        }
        #expect(refusal(of: Sample.chain(#"["Bearer \#(String(repeating: "t", count: 8192))"]"#).bare) == nil)
        #expect(refusal(of: Sample.with { $0.intent = #"{"name":"\#(name.dropLast())"}"# }.bare) == nil)
    }
}
