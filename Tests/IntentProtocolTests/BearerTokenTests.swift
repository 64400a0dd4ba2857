import Testing

@testable import IntentProtocol

@Suite("C2 bearer tokens in a body")
struct BearerTokenTests {
    @Test(
        "a token never leaves the envelope, however it is dressed",
        arguments: [
            "Bearer tok-1", "bearer tok-1", "BEARER tok-1", "  Bearer tok-1", "\\tBearer tok-1", "B\\u0065arer tok-1",
            "\\u0042earer\\u0020tok-1", "Bearer   tok-1  ", "\\u00a0Bearer tok-1", "\u{FEFF}Bearer tok-1",
            "Bearer\\ttok-1",
            "\u{200B}bearer\u{A0}tok-1", "\\u0000Bearer tok-1", "Be\\u0061rer tok-1",
        ])
    func dressed(entry: String) throws {
        for chain in [
            #"["\#(entry)"]"#, #"["user:a","\#(entry)","proxy:n:b"]"#, #"[ "\#(entry)" , "user:a" ]"#,
            #"["a","\#(entry)"]"#,
            #"["\#(entry)","\#(entry)"]"#,
        ] {
            let incoming = try IncomingIntent(parsing: bytes(Sample.chain(chain).frame))
            #expect(incoming.bearerTokens() == ["tok-1"])
            let envelope = incoming.envelope
            #expect(!envelope.identityChain.contains { $0.lowercased().contains("tok-1") })
            for prefix in [[], ["user:alice"]] {
                let frame = envelope.frameText(prefix: prefix)
                #expect(!frame.contains("tok-1"))
                let again = try IncomingIntent(parsing: bytes(frame))
                #expect(again.envelope.identityChain == prefix + envelope.identityChain)
                #expect(again.bearerTokens().isEmpty)
            }
        }
    }

    @Test(
        "what only looks like a token stays",
        arguments: ["Bearer", "bearers x", "xBearer y", "user:Bearer x", "", "Bear", "b"])
    func harmless(entry: String) throws {
        let incoming = try IncomingIntent(parsing: bytes(Sample.chain(#"["\#(entry)"]"#).bare))
        #expect(incoming.bearerTokens().isEmpty)
        #expect(incoming.envelope.identityChain == [entry])
    }

    @Test("tokens of the frame's header and the chain are told apart, each once")
    func severalTokens() throws {
        let body = Sample.chain(#"["Bearer two","Bearer one","Bearer two"]"#).bare
        let frame = #"{"headers":{"X-Other":[1],"authorization":"bearer  one "},"body":\#(body)}"#
        let incoming = try IncomingIntent(parsing: bytes(frame))
        #expect(incoming.frameAuthorization == "bearer  one ")
        #expect(incoming.bearerTokens() == ["one", "two"])
    }

    @Test("an empty token is presented too, so that it fails and does not pass as anonymous")
    func emptyToken() throws {
        #expect(try IncomingIntent(parsing: bytes(Sample.chain(#"["Bearer "]"#).bare)).bearerTokens() == [""])
    }

    @Test(
        "the frame's header must be one string with one bearer token",
        arguments: [
            (#"{"Authorization":7}"#, "must be a string"), (#"{"Authorization":null}"#, "must be a string"),
            (#"{"Authorization":"Basic abc"}"#, "must be 'Bearer <token>'"),
            (#"{"Authorization":"x"}"#, "must be 'Bearer <token>'"),
            (#"{"Authorization":"Bearer a","AUTHORIZATION":"Bearer a"}"#, "is there twice"),
            (#"{"Authorization":"Bearer a","Authoriz\u0061tion":"Bearer a"}"#, "duplicate key"),
        ])
    func header(headers: String, problem: String) throws {
        let error = try #require(refusal(of: #"{"headers":\#(headers),"body":\#(Sample().bare)}"#))
        #expect(error.code == .validationError)
        #expect(error.message.contains("headers.A") && error.message.contains(problem), "\(error.message)")
    }
}
