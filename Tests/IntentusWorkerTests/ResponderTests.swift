import IntentProtocol
import Logging
import Synchronization
import Testing

@testable import IntentusWorker

@Suite("Answers of a worker")
struct ResponderTests {
    private struct Inner: Error {
        var password = "hunter2"
    }

    private static func responder(concurrencyMax: Int = 8, _ fill: (inout HandlerTable) -> Void) -> IntentResponder {
        var table = HandlerTable()
        fill(&table)
        return IntentResponder(
            name: "greeter", table: table, concurrencyMax: concurrencyMax, logger: LogLines().logger)
    }

    private static func ask(
        _ responder: IntentResponder, _ body: [UInt8] = Requests.frame(), timeoutMilliseconds: Int64? = nil
    ) async -> AgentResponse {
        Requests.answer(await responder.answer(body, timeoutMilliseconds: timeoutMilliseconds).frame)
    }

    @Test("carry the handler's result, the agent and the trace")
    func success() async {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0", HandlerTable.raw { (greeting: Greeting, _) in greeting })
        }
        let payload: JSONValue = ["guests": [["name": "Zoë 🐝 \"\\/\u{1}"], ["name": "名前"]]]
        let response = await Self.ask(responder, Requests.frame(payload: payload))
        #expect(response == .success(payload, metadata: ["agent": "greeter", "traceId": "trace-1"]))
    }

    @Test("of a raw handler keep its metadata, but never another trace")
    func raw() async {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0") { envelope, _ in
                .success(["intent": .string(envelope.intentName)], metadata: ["agent": "mine", "traceId": "x", "k": 1])
            }
        }
        let response = await Self.ask(responder)
        #expect(response.payload == ["intent": "GreetIntent"])
        #expect(response.metadata == ["agent": "mine", "traceId": "trace-1", "k": 1])
    }

    @Test("keep every code a handler throws", arguments: ErrorCode.allCases)
    func intentError(code: ErrorCode) async {
        let error = IntentError(code, "why", retryable: true, details: ["reason": "tests"])
        let responder = Self.responder { $0.add("GreetIntent", "1.0") { _, _ in throw error } }
        let response = await Self.ask(responder)
        #expect(response.error == error)
        #expect(response.status == .error)
        #expect(response.metadata["agent"] == "greeter")
    }

    @Test("tell nothing of another error")
    func otherError() async {
        let responder = Self.responder { $0.add("GreetIntent", "1.0") { _, _ in throw Inner() } }
        let bytes = await responder.answer(Requests.frame(), timeoutMilliseconds: nil).frame
        #expect(!String(decoding: bytes, as: UTF8.self).contains("hunter2"))
        #expect(Requests.answer(bytes).error == IntentError(.internalAgentError, "agent 'greeter' failed"))
    }

    @Test("tell nothing of a result that JSON cannot hold")
    func unencodable() async {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0", HandlerTable.raw { (_: Greeting, _) in [Double.nan] })
        }
        #expect(await Self.ask(responder).error?.code == .internalAgentError)
    }

    @Test(
        "name the place of a payload that does not fit",
        arguments: [
            (#"{}"#, "payload.guests: is missing"), (#"{"guests":null}"#, "payload.guests: is null"),
            (#"{"guests":[{"name":"a"},{"name":7}]}"#, "payload.guests[1].name: is not a String"),
            (#"{"guests":[{"name":"a"},{}]}"#, "payload.guests[1].name: is missing"),
        ])
    func payload(text: String, message: String) async throws {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0", HandlerTable.raw { (greeting: Greeting, _) in greeting })
        }
        let payload = try JSONValue(parsing: Array(text.utf8))
        let error = await Self.ask(responder, Requests.frame(payload: payload)).error
        #expect(error?.code == .validationError)
        #expect(error?.message == message)
    }

    @Test("call a payload refused by its own decoder a VALIDATION_ERROR")
    func ownDecoder() async {
        struct Picky: Decodable, Sendable {
            init(from decoder: any Decoder) throws { throw Inner() }
        }
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0", HandlerTable.raw { (_: Picky, _) in "never" })
        }
        #expect(await Self.ask(responder).error == IntentError(.validationError, "payload: cannot be read"))
    }

    @Test("say what is not answered")
    func unknownIntent() async {
        let responder = Self.responder { $0.add("GreetIntent", "1.0") { _, _ in .success(1) } }
        for body in [Requests.frame("OtherIntent"), Requests.frame(version: "2.0")] {
            #expect(await Self.ask(responder, body).error?.code == .capabilityNotFound)
        }
    }

    @Test("of the version asked for go before those of any version")
    func anyVersion() async {
        let responder = Self.responder {
            $0.add("GreetIntent", "*") { _, _ in .success("any") }
            $0.add("GreetIntent", "2.0") { _, _ in .success("two") }
        }
        #expect(await Self.ask(responder, Requests.frame(version: "7.1")).payload == "any")
        #expect(await Self.ask(responder, Requests.frame(version: "2.0")).payload == "two")
    }

    @Test(
        "to what is no envelope are errors in a frame",
        arguments: ["", "{", "[]", "{}", #"{"protocol":"X","body":{}}"#])
    func malformed(body: String) async {
        let error = await Self.ask(Self.responder { _ in }, Array(body.utf8)).error
        #expect(error?.code == .validationError || error?.code == .protocolError)
    }

    @Test("come in time: a handler that is late is cancelled", arguments: [Int64.min, -1, 0, 1, 40])
    func timeout(milliseconds: Int64) async {
        let cancelled = Mutex(false)
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0") { _, _ in
                await Signal().wait()
                cancelled.withLock { $0 = Task.isCancelled }
                return .success(1)
            }
        }
        let error = await Self.ask(responder, timeoutMilliseconds: milliseconds).error
        #expect(error == IntentError(.agentTimeout, "agent 'greeter' did not finish in time"))
        #expect(await eventually { cancelled.withLock { $0 } && responder.runningCount == 0 })
    }

    @Test("come in time although the handler does not listen, which keeps its place", .timeLimit(.minutes(1)))
    func deafHandler() async {
        let go = Signal()
        let responder = Self.responder(concurrencyMax: 1) {
            $0.add("GreetIntent", "1.0") { _, _ in
                await Task.detached { await go.wait() }.value
                return .success(1)
            }
        }
        let late = IntentError(.agentTimeout, "agent 'greeter' did not finish in time")
        #expect(await Self.ask(responder, timeoutMilliseconds: 40).error == late)
        #expect(responder.runningCount == 1)
        #expect(await Self.ask(responder).error?.code == .agentUnavailable)
        go.give()
        #expect(await eventually { responder.runningCount == 0 })
    }

    @Test("are not hurried by a time without end", arguments: [nil, 60_000, Int64.max])
    func longTime(milliseconds: Int64?) async {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0") { _, context in
                for _ in 0..<100 { await Task.yield() }
                return .success(.bool(context.deadline != nil && !Task.isCancelled))
            }
        }
        let response = await Self.ask(responder, timeoutMilliseconds: milliseconds)
        #expect(response.payload == .bool(milliseconds != nil))
    }

    @Test("refuse what is too much at the same time, and what comes when the worker stops")
    func concurrency() async {
        let go = Signal()
        let responder = Self.responder(concurrencyMax: 2) {
            $0.add("GreetIntent", "1.0") { _, _ in
                await go.wait()
                return .success("done")
            }
        }
        async let first = Self.ask(responder)
        async let second = Self.ask(responder)
        #expect(await eventually { responder.runningCount == 2 })
        let refused = IntentError(.agentUnavailable, "agent 'greeter' takes no more requests now")
        #expect(await Self.ask(responder).error == refused)
        go.give()
        #expect(await [first, second].map(\.payload) == ["done", "done"])
        #expect(await Self.ask(responder).payload == "done")
        responder.drain()
        #expect(await Self.ask(responder).error == refused)
    }

    @Test("are made knowing the request")
    func context() async {
        let seen = Mutex<IntentContext?>(nil)
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0") { _, context in
                seen.withLock { $0 = context }
                return .success(1)
            }
        }
        let before = ContinuousClock.now
        let chain = ["user:alice", "service:gateway", "user:mallory"]
        _ = await Self.ask(responder, Requests.frame(chain: chain), timeoutMilliseconds: 5_000)
        let context = seen.withLock { $0 }
        #expect(context?.requestId == "req-1")
        #expect(context?.traceId == "trace-1")
        #expect(context?.identityChain == chain)
        #expect(context?.decisionPath == ["before"])
        #expect(context?.caller == "alice")
        #expect(context?.logger[metadataKey: "requestId"] == "req-1")
        #expect(context?.logger[metadataKey: "traceId"] == "trace-1")
        let deadline = context?.deadline ?? before
        #expect(deadline >= before + .seconds(5) && deadline <= .now + .seconds(5))
    }

    @Test(
        "know the service that calls, where the gateway says so, and take none from the caller's own part of the chain",
        arguments: [
            (["user:a", "service:td/ns/a/sa/b", "service:gw", "service:td/x"], "td/ns/a/sa/b"),
            (["service:td/ns/a/sa/b", "service:gw"], "td/ns/a/sa/b"), (["user:a", "service:gw"], nil),
            (["service:gw"], nil), ([], nil), (["service:gw", "service:td/ns/a/sa/b"], nil),
            (["user:a", "service:gw", "service:td/ns/a/sa/b", "service:gw"], nil),
            (["service:gw", "service:td/ns/a/sa/b", "service:gw"], nil),
            (["agent:x", "service:td/ns/a/sa/b", "service:gw"], nil), (["service:td/ns/a/sa/b"], nil),
        ] as [([String], String?)])
    func callingService(chain: [String], service: String?) async {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0") { _, context in
                .success(context.callingService.map(JSONValue.string) ?? "nobody")
            }
        }
        #expect(await Self.ask(responder, Requests.frame(chain: chain)).payload == .string(service ?? "nobody"))
    }

    @Test(
        "never take a user from the caller's own part of the chain",
        arguments: [[], ["service:gateway"], ["service:gateway", "user:admin"], ["agent:x", "user:admin"]])
    func forgedCaller(chain: [String]) async {
        let responder = Self.responder {
            $0.add("GreetIntent", "1.0") { _, context in .success(context.caller.map(JSONValue.string) ?? "nobody") }
        }
        #expect(await Self.ask(responder, Requests.frame(chain: chain)).payload == "nobody")
    }

    @Test("tell what the handler reported, whether it succeeded or not; its own metadata comes first")
    func cost() async {
        let responder = Self.responder {
            $0.add(
                "GreetIntent", "1.0",
                HandlerTable.raw { (greeting: Greeting, context) in
                    context.reportCost(3)
                    context.reportCost(412)
                    return greeting
                })
            $0.add("FailIntent", "1.0") { _, context in
                context.reportCost(-5)
                throw IntentError(.internalAgentError, "no")
            }
            $0.add("OwnIntent", "1.0") { _, context in
                context.reportCost(1)
                return .success([:], metadata: ["usage": ["cost": 9]])
            }
        }
        #expect(await Self.ask(responder).metadata["usage"] == ["cost": 412])
        #expect(await Self.ask(responder, Requests.frame("FailIntent")).metadata["usage"] == ["cost": 0])
        #expect(await Self.ask(responder, Requests.frame("OwnIntent")).metadata["usage"] == ["cost": 9])
    }
}
