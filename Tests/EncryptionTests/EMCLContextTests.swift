import IntentProtocol
import Testing

@testable import Encryption

@Suite("Contexts of sealed envelopes")
struct EMCLContextTests {
    private func written(_ context: EMCLContext) -> String {
        context.withMembers { String(decoding: $0, as: UTF8.self) }
    }

    private func read(_ frame: [UInt8], _ direction: EMCLDirection = .call) throws -> EMCLContext {
        try #require(EMCLContext(direction, inReplyTo: nil, Fixture.frame(frame)))
    }

    @Test(
        "are the same whether they are made of texts, of a frame as we write it, or of one that is written otherwise",
        arguments: ["r-1", "", "quote\" and \\", "line\n\u{1}", "Zürich 東京", String(repeating: "\u{8}", count: 40)])
    func forms(text: String) throws {
        let ring = try KeyRing([Fixture.key()])
        let made = EMCLContext(
            .call, caller: "user:\(text)", tenant: text, audience: "summarizer", intent: "Summarize\(text)",
            intentVersion: "1.0", requestId: text)
        let frame = try ring.sealed(made).frame
        let spaced = Array(
            String(decoding: frame, as: UTF8.self).replacing(#""body":{"#, with: #""body":{ "#).utf8)
        for other in [try read(frame), try read(spaced)] {
            #expect(other == made && other.hashValue == made.hashValue)
            #expect(written(other) == written(made) && other.isPlain == made.isPlain)
            #expect(Array(other.caller) == Array("user:\(text)".utf8) && Array(other.requestId) == Array(text.utf8))
        }
        #expect(try Fixture.frame(spaced).placeOfTexts == nil)
        let members = try JSONValue(parsing: Array("{\(written(made).dropFirst())}".utf8)).objectValue
        #expect(members?["caller"] == .string("user:\(text)") && members?["requestId"] == .string(text))
        #expect(members?.count == 6)
    }

    @Test("are not the same when a byte goes from one text to the next")
    func boundaries() {
        func context(_ caller: String, _ tenant: String) -> EMCLContext {
            EMCLContext(.request, caller: caller, tenant: tenant, intent: "I", intentVersion: "1.0", requestId: "r")
        }
        #expect(context("ab", "c") != context("a", "bc"))
        #expect(context("", "abc") != context("abc", ""))
        #expect(context("ab", "c") == context("ab", "c"))
    }

    @Test("a frame has the expected texts only in the direction, and in answer to the message, that were expected")
    func expected() throws {
        let ring = try KeyRing([Fixture.key()])
        let asked = try ring.sealed(Fixture.call)
        let answer = try #require(Fixture.call.answer(to: asked.nonce))
        let other = try #require(Fixture.call.answer(to: try ring.sealed(Fixture.call, bits: Bits(9)).nonce))
        let frame = try Fixture.frame(ring.sealed(answer).frame)
        #expect(answer.isWritten(.reply, inReplyTo: asked.nonce, frame))
        #expect(!answer.isWritten(.answer, inReplyTo: asked.nonce, frame))
        #expect(!other.isWritten(.reply, inReplyTo: asked.nonce, frame))
        let longer = EMCLContext(
            .call, caller: "user:alice", tenant: "acme", audience: "summarizer", intent: "SummarizeIntent",
            intentVersion: "1.0", requestId: "r-12")
        let renamed = try #require(longer.answer(to: asked.nonce))
        #expect(!renamed.isWritten(.reply, inReplyTo: asked.nonce, frame))
        #expect(ring.refusal(frame, as: .answer(renamed)) == .otherRequest)
        #expect(ring.refusal(frame, as: .answer(answer)) == nil)
    }

    @Test("a name with an escape is compared by what it stands for")
    func escapes() throws {
        func envelope(_ requestId: String) throws -> IntentEnvelope {
            let draft = EnvelopeDraft(
                intentName: "SummarizeIntent", payload: [:] as JSONObject, requestId: "REQUEST",
                timestamp: "2026-01-01T00:00:00Z")
            let text = String(decoding: draft.encodedBare(), as: UTF8.self).replacing("REQUEST", with: requestId)
            return try IncomingIntent(parsing: Array(text.utf8)).envelope
        }
        func context(_ requestId: String) -> EMCLContext {
            EMCLContext(
                .request, caller: "", tenant: "", intent: "SummarizeIntent", intentVersion: "1.0", requestId: requestId)
        }
        #expect(context("r-1").names(try envelope("r-1")))
        #expect(context("r-1").names(try envelope("r\\u002d1")))
        #expect(context("a\\b").names(try envelope("a\\\\b")))
        // The same bytes, which stand for something else.
        #expect(!context("a\\\\b").names(try envelope("a\\\\b")))
        #expect(!context("r-1").names(try envelope("r-2")))
    }

    @Test(
        "a call to an agent is bound to what the request was bound to, and to the agent",
        arguments: ["summarizer", "", "agent\"7", "Zürich", String(repeating: "a", count: 300)])
    func calls(agent: String) throws {
        func call(_ caller: String, _ tenant: String, _ agent: String) -> EMCLContext {
            EMCLContext(
                .call, caller: caller, tenant: tenant, audience: agent, intent: "SummarizeIntent", intentVersion: "1.0",
                requestId: "r-1")
        }
        for (caller, tenant) in [("user:alice", "acme"), ("", ""), ("service:c/ns/d/sa/e", "")] {
            let request = EMCLContext(
                .request, caller: caller, tenant: tenant, intent: "SummarizeIntent", intentVersion: "1.0",
                requestId: "r-1")
            let nonce = try KeyRing([Fixture.key()]).sealed(request).nonce
            for context in [request, try #require(request.answer(to: nonce))] {
                guard let made = context.call(for: agent) else {
                    #expect(agent.contains("\""))
                    continue
                }
                let wanted = call(caller, tenant, agent)
                #expect(made == wanted && written(made) == written(wanted) && made.isSealable)
                #expect(made.inReplyTo == nil && Array(made.audience) == Array(agent.utf8))
                #expect(Array(made.intent) == Array("SummarizeIntent".utf8))
                #expect(Array(made.requestId) == Array("r-1".utf8))
                #expect(made.call(for: agent) == nil || agent.isEmpty)
            }
        }
        // What needs escapes is made anew, and what is too long for a seal is not made at all.
        #expect(call("quote\"", "", "").call(for: "a") == nil)
        #expect(Fixture.request.call(for: String(repeating: "a", count: 4_097)) == nil)
    }
}
