import Testing

@testable import IntentProtocol

@Suite("Dangerous keys in payloads")
struct DangerousKeyTests {
    private func payload(_ payload: String, everyDepth: Bool = false) throws -> (kept: String, removed: [String]) {
        var limits = EnvelopeLimits()
        limits.dangerousKeys = everyDepth ? .everyDepth : .topLevel
        let sample = Sample.with { $0.payload = payload }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare), limits: limits).envelope
        let again = try IncomingIntent(parsing: bytes(envelope.frameText()), limits: limits).envelope
        #expect(again.removedKeys.isEmpty)
        #expect(again.payload == envelope.payload)
        return (text(envelope.payload.bytes), envelope.removedKeys)
    }

    @Test(
        "leave no comma behind, wherever they stand",
        arguments: [
            (#"{"__proto__":1}"#, "{}"), (#"{"__proto__":1,"a":2}"#, #"{"a":2}"#),
            (#"{"a":2,"constructor":{"b":[1,2]}}"#, #"{"a":2}"#),
            (#"{ "a" : 2 , "prototype" : 3 , "b" : 4 }"#, #"{"a":2,"b":4}"#),
            (#"{"__proto__":1,"prototype":2,"constructor":3}"#, "{}"),
            (#"{"__proto__":1,"prototype":2,"a":3,"constructor":4}"#, #"{"a":3}"#),
            (#"{"\u005f_proto__":1,"a":"x,}"}"#, #"{"a":"x,}"}"#), (#"{"c\u006Fnstructor":1}"#, "{}"),
        ])
    func removed(payload: String, kept: String) throws {
        #expect(try self.payload(payload).kept == kept)
        #expect(try self.payload(payload, everyDepth: true).kept == kept)
    }

    @Test(
        "other keys stay and the payload is not copied",
        arguments: [
            #"{"__PROTO__":1,"Constructor":2,"prototypes":3,"__proto_":4,"":5}"#, #"{"a":{"__proto__":1}}"#, "{ }",
            #"{"a":"__proto__"}"#,
        ])
    func kept(payload: String) throws {
        let sample = Sample.with { $0.payload = payload }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare)).envelope
        #expect(text(envelope.payload.bytes) == payload)
        #expect(envelope.payload.bytes.startIndex > 0, "a part of the body")
        #expect(envelope.removedKeys.isEmpty)
    }

    @Test("every depth reaches into objects and lists")
    func everyDepth() throws {
        let nested =
            #"{"a":{"__proto__":{"x":1},"b":[{"constructor":1},{"c":{"prototype":2,"d":"}"}}, [ ] ]},"e":[1,null]}"#
        let (kept, removed) = try payload(nested, everyDepth: true)
        #expect(kept == #"{"a":{"b":[{},{"c":{"d":"}"}},[]]},"e":[1,null]}"#)
        #expect(removed == ["__proto__", "constructor", "prototype"])
        #expect(try payload(nested).removed == [])
    }

    @Test("keys outside the payload's own objects are none of them")
    func elsewhere() throws {
        let sample = Sample.with { $0.more = #","__proto__":{"a":1}"# }
        let envelope = try IncomingIntent(parsing: bytes(sample.bare)).envelope
        #expect(envelope.removedKeys.isEmpty)
        #expect(!envelope.frameText().contains("__proto__"))
    }
}
